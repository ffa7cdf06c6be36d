-- Validates a JSON body before the transcoder, which ignores unknown fields, keeps the last of two
-- duplicates, and accepts some invalid JSON.
--
-- ROUTES is a tree of path segments, "*" for a variable; under METHODS each HTTP method has the
-- type of its body, or false without one. A type is SCALAR, FREE (any JSON), the name of a
-- message of MESSAGES, or {map = <type of the values>}. gateway/bodies.py writes all three.

local find, sub, byte = string.find, string.sub, string.byte
local MAX_DEPTH = 64
-- Many times what the largest list has, and read in some 20 ms, in which its thread does nothing else.
local MAX_VALUES = 50000
local LONGEST_NAME = 200

-- Raises the error of a field.
local function refuse(field, words, reason)
  error({field = field, words = words, reason = reason or "INVALID_ARGUMENT"}, 0)
end

local function after_space(body, at)
  local _, last = find(body, "^[ \t\r\n]*", at)
  return last + 1
end

local function after_string(body, at, field)
  local here = at + 1
  while true do
    local stop = find(body, '["\\%z\1-\31]', here)
    if stop == nil then refuse(field, "unterminated string") end
    local char = byte(body, stop)
    if char == 34 then return stop + 1 end
    if char ~= 92 then refuse(field, "a string contains a control character") end
    if find(body, '^["\\/bfnrt]', stop + 1) then here = stop + 2
    elseif find(body, "^u%x%x%x%x", stop + 1) then here = stop + 6
    else refuse(field, "a string has an invalid escape") end
  end
end

local function after_number(body, at, field)
  local _, last = find(body, "^%-?0", at)
  if last == nil then _, last = find(body, "^%-?[1-9]%d*", at) end
  if last == nil then refuse(field, "is not valid JSON") end
  local _, fraction = find(body, "^%.%d+", last + 1)
  last = fraction or last
  local _, exponent = find(body, "^[eE][+-]?%d+", last + 1)
  last = exponent or last
  if find(body, "^[%w.+-]", last + 1) then refuse(field, "is not a valid JSON number") end
  return last + 1
end

local after_value

local function after_list(body, at, kind, field, depth)
  at = after_space(body, at + 1)
  if byte(body, at) == 93 then return at + 1 end
  local place = 0
  while true do
    at = after_space(body, after_value(body, at, kind, field .. "[" .. place .. "]", depth + 1))
    local char = byte(body, at)
    if char == 93 then return at + 1 end
    if char ~= 44 then refuse(field, "Unexpected end of a list") end
    at, place = after_space(body, at + 1), place + 1
  end
end

local function after_object(body, at, kind, field, depth)
  local fields = MESSAGES[kind]
  local values = type(kind) == "table" and kind.map or FREE
  local seen = {}
  at = after_space(body, at + 1)
  if byte(body, at) == 125 then return at + 1 end
  while true do
    if byte(body, at) ~= 34 then refuse(field, "Unexpected end of an object: a field name is missing") end
    local ends = after_string(body, at, field)
    local name = sub(body, at + 1, ends - 2)
    local within = field == "" and name or field .. "." .. name
    local known, of = name, values
    if fields ~= nil then
      local declared = fields[name]
      if declared == nil then refuse(within, "unknown field", "UNKNOWN_FIELD") end
      known, of = declared[1], declared[2]
    end
    if seen[known] then refuse(within, "duplicate field", "DUPLICATE_FIELD") end
    seen[known] = true
    at = after_space(body, ends)
    if byte(body, at) ~= 58 then refuse(within, "Unexpected end: a value is missing") end
    at = after_space(body, after_value(body, after_space(body, at + 1), of, within, depth + 1))
    local char = byte(body, at)
    if char == 125 then return at + 1 end
    if char ~= 44 then refuse(within, "Unexpected end of an object") end
    at = after_space(body, at + 1)
  end
end

local values_read = 0

after_value = function(body, at, kind, field, depth)
  values_read = values_read + 1
  if values_read > MAX_VALUES then
    refuse("", "the body has more than " .. MAX_VALUES .. " values", "REQUEST_TOO_LARGE")
  end
  if depth > MAX_DEPTH then refuse(field, "is nested too deeply") end
  local char = byte(body, at)
  if char == 123 then return after_object(body, at, kind, field, depth) end
  if char == 91 then return after_list(body, at, kind, field, depth) end
  if char == 34 then return after_string(body, at, field) end
  for _, word in ipairs(WORDS) do
    if sub(body, at, at + #word - 1) == word and not find(body, "^%w", at + #word) then
      return at + #word
    end
  end
  if char == nil then refuse(field, "Unexpected end of the body") end
  return after_number(body, at, field)
end

local function check(body, kind)
  values_read = 0
  local at = after_space(body, 1)
  if at > #body then return end
  at = after_space(body, after_value(body, at, kind, "", 0))
  if at <= #body then refuse("", "unexpected characters after the body") end
end

local function quoted(text)
  local short = sub(text, 1, LONGEST_NAME)
  return '"' .. short:gsub('[\\"]', "\\%0"):gsub("[%c\128-\255]", "?") .. '"'
end

local function answer(handle, status, code, reason, field, words, headers)
  local message = field == "" and words or field .. ": " .. words
  local details = '{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":' .. quoted(reason)
    .. ',"domain":"arcadia","metadata":{' .. (field == "" and "" or '"field":' .. quoted(field)) .. "}}"
  if field ~= "" then
    details = details .. ',{"@type":"type.googleapis.com/google.rpc.BadRequest","field_violations":[{"field":'
      .. quoted(field) .. ',"description":' .. quoted(words) .. "}]}"
  end
  headers[":status"], headers["content-type"] = status, "application/json"
  handle:respond(headers, '{"code":' .. code .. ',"message":' .. quoted(message)
    .. ',"details":[' .. details .. "]}")
end

local function methods_of(path)
  local node = ROUTES
  for segment in string.gmatch(sub(path, 1, (find(path, "?", 1, true) or 0) - 1), "[^/]+") do
    node = node[segment] or node["*"]
    if node == nil then return nil end
  end
  return node[METHODS]
end

-- Responds with an error if the request is invalid; returns whether it did.
function refused(handle, headers)
  if find(headers:get(":authority") or "", ",", 1, true) then
    answer(handle, "400", 3, "REQUEST_MALFORMED", "", "the request has more than one Host header", {})
    return true
  end
  local methods = methods_of(headers:get(":path"))
  if methods == nil then return false end
  local kind = methods[headers:get(":method")]
  if kind == nil then
    answer(handle, "405", 12, "METHOD_NOT_ALLOWED", "", "the path supports only " .. methods.allow,
      {allow = methods.allow})
    return true
  end
  if not kind then return false end
  local body = handle:body()
  if body == nil or body:length() == 0 then return false end
  local good, problem = pcall(check, body:getBytes(0, body:length()), kind)
  if good then return false end
  if type(problem) ~= "table" then error(problem, 0) end
  local large = problem.reason == "REQUEST_TOO_LARGE"
  answer(handle, large and "413" or "400", large and 8 or 3, problem.reason, problem.field,
    problem.words, {})
  return true
end
