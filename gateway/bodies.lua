-- Validates a JSON body before the transcoder, which ignores unknown fields, keeps the last of two
-- duplicates, and accepts some invalid JSON.
--
-- ROUTES is a tree of path segments, "*" for a variable; under METHODS each HTTP method has the
-- type of its body, or false without one. A type is SCALAR, FREE (any JSON), the name of a
-- message of MESSAGES, or {map = <type of the values>}. gateway/bodies.py writes all three.

local find, sub, byte = string.find, string.sub, string.byte
-- The services decode 100 messages in one another, and a level of free JSON is up to three.
local MAX_DEPTH = 31
-- Many times the size of the largest list; validated in some 20 ms, which block the thread.
local MAX_VALUES = 50000
-- The longest label of Kubernetes has 317.
local MAX_NAME_BYTES = 400
local LONGEST_FIELD = 200

-- The names and list indexes of the path to the current value; deeper entries may be left over from
-- the previous value. They are joined only for an error: a text per value would copy long names as
-- often as there are values.
local steps = {}

local function field_at(depth)
  local parts = {}
  for place = 1, depth do
    local step = steps[place]
    if type(step) == "number" then parts[place] = "[" .. step .. "]"
    else parts[place] = place == 1 and step or "." .. step end
  end
  return sub(table.concat(parts), 1, LONGEST_FIELD)
end

-- Raises an error that names the field at the first `depth` steps.
local function refuse(depth, words, reason)
  error({field = field_at(depth), words = words, reason = reason or "INVALID_ARGUMENT"}, 0)
end

local function after_space(body, at)
  local _, last = find(body, "^[ \t\r\n]*", at)
  return last + 1
end

local function after_string(body, at, depth)
  local here = at + 1
  while true do
    local stop = find(body, '["\\%z\1-\31]', here)
    if stop == nil then refuse(depth, "unterminated string") end
    local char = byte(body, stop)
    if char == 34 then return stop + 1 end
    if char ~= 92 then refuse(depth, "a string contains a control character") end
    if find(body, '^["\\/bfnrt]', stop + 1) then here = stop + 2
    elseif find(body, "^u%x%x%x%x", stop + 1) then here = stop + 6
    else refuse(depth, "a string has an invalid escape") end
  end
end

local function after_number(body, at, depth)
  local _, last = find(body, "^%-?0", at)
  if last == nil then _, last = find(body, "^%-?[1-9]%d*", at) end
  if last == nil then refuse(depth, "is not valid JSON") end
  local _, fraction = find(body, "^%.%d+", last + 1)
  last = fraction or last
  local _, exponent = find(body, "^[eE][+-]?%d+", last + 1)
  last = exponent or last
  if find(body, "^[%w.+-]", last + 1) then refuse(depth, "is not a valid JSON number") end
  return last + 1
end

local after_value

local function after_list(body, at, kind, depth)
  at = after_space(body, at + 1)
  if byte(body, at) == 93 then return at + 1 end
  local within, place = depth + 1, 0
  while true do
    steps[within] = place
    at = after_space(body, after_value(body, at, kind, within))
    local char = byte(body, at)
    if char == 93 then return at + 1 end
    if char ~= 44 then refuse(depth, "Unexpected end of a list") end
    at, place = after_space(body, at + 1), place + 1
  end
end

local function after_object(body, at, kind, depth)
  local fields = MESSAGES[kind]
  local values = type(kind) == "table" and kind.map or FREE
  local seen = {}
  local within = depth + 1
  at = after_space(body, at + 1)
  if byte(body, at) == 125 then return at + 1 end
  while true do
    if byte(body, at) ~= 34 then refuse(depth, "Unexpected end of an object: a field name is missing") end
    local ends = after_string(body, at, depth)
    local name = sub(body, at + 1, math.min(ends - 2, at + MAX_NAME_BYTES))
    steps[within] = name
    if ends - at - 2 > MAX_NAME_BYTES then
      refuse(within, "the field name is longer than " .. MAX_NAME_BYTES .. " bytes")
    end
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
    at = after_space(body, after_value(body, after_space(body, at + 1), of, within))
    local char = byte(body, at)
    if char == 125 then return at + 1 end
    if char ~= 44 then refuse(within, "Unexpected end of an object") end
    at = after_space(body, at + 1)
  end
end

local values_read = 0

after_value = function(body, at, kind, depth)
  values_read = values_read + 1
  if values_read > MAX_VALUES then
    refuse(0, "the body has more than " .. MAX_VALUES .. " values", "REQUEST_TOO_LARGE")
  end
  if depth > MAX_DEPTH then refuse(depth, "is nested too deeply") end
  local char = byte(body, at)
  if char == 123 then return after_object(body, at, kind, depth) end
  if char == 91 then return after_list(body, at, kind, depth) end
  if char == 34 then return after_string(body, at, depth) end
  for _, word in ipairs(WORDS) do
    if sub(body, at, at + #word - 1) == word and not find(body, "^%w", at + #word) then
      return at + #word
    end
  end
  if char == nil then refuse(depth, "Unexpected end of the body") end
  return after_number(body, at, depth)
end

local function check(body, kind)
  values_read = 0
  local at = after_space(body, 1)
  if at > #body then return end
  at = after_space(body, after_value(body, at, kind, 0))
  if at <= #body then refuse(0, "unexpected characters after the body") end
end

local function quoted(text)
  return '"' .. text:gsub('[\\"]', "\\%0"):gsub("[%c\128-\255]", "?") .. '"'
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

-- The methods of a path without its query, from `at` on. Like the transcoder, it treats a segment
-- as a variable if it matches no literal.
local function methods_of(node, path, at)
  if node == nil then return nil end
  local _, last, segment = find(path, "^/*([^/]+)", at)
  if segment == nil then return node[METHODS] end
  return methods_of(node[segment], path, last + 1) or methods_of(node["*"], path, last + 1)
end

-- Whether the content type is gRPC or similar.
local function says_grpc(headers)
  return find(string.lower(headers:get("content-type") or ""), "^application/grpc") ~= nil
end

-- Responds with an error if the request is invalid. Only the path determines whether it is JSON,
-- because the transcoder accepts more content types as JSON than a pattern here would.
local function check_fields(handle, headers)
  if find(headers:get(":authority") or "", ",", 1, true) then
    return answer(handle, "400", 3, "REQUEST_MALFORMED", "", "the request has more than one Host header", {})
  end
  local path = headers:get(":path")
  local methods = methods_of(ROUTES, sub(path, 1, (find(path, "?", 1, true) or 0) - 1), 1)
  if methods == nil then return end
  if says_grpc(headers) then
    return answer(handle, "415", 3, "UNSUPPORTED_MEDIA_TYPE", "", "this path requires JSON, not gRPC",
      {["grpc-status"] = "12"})
  end
  local kind = methods[headers:get(":method")]
  if kind == nil then
    return answer(handle, "405", 12, "METHOD_NOT_ALLOWED", "", "the path supports only " .. methods.allow,
      {allow = methods.allow})
  end
  if not kind then return end
  local body = handle:body()
  if body == nil or body:length() == 0 then return end
  local good, problem = pcall(check, body:getBytes(0, body:length()), kind)
  if good then return end
  if type(problem) ~= "table" then error(problem, 0) end
  local large = problem.reason == "REQUEST_TOO_LARGE"
  answer(handle, large and "413" or "400", large and 8 or 3, problem.reason, problem.field,
    problem.words, {})
end

-- An encoding that a service does not know breaks decoding for its whole connection. And the body
-- limit applies before decompression: a few kilobytes may expand to many times the limit.
local function check_encoding(handle, headers)
  local encoding = headers:get("grpc-encoding")
  if not says_grpc(headers) then
    headers:remove("grpc-encoding")
  elseif encoding ~= nil and encoding ~= "identity" then
    handle:respond({[":status"] = "200", ["content-type"] = "application/grpc",
      ["grpc-status"] = "12", ["grpc-accept-encoding"] = "identity",
      ["grpc-message"] = "compressed messages are not supported"}, "")
  end
end

local function check_request(handle)
  local headers = handle:headers()
  check_encoding(handle, headers)
  check_fields(handle, headers)
end

-- Envoy lets a request pass whose script fails, so no error leaves this function.
function envoy_on_request(handle)
  local checked, problem = pcall(check_request, handle)
  if checked then return end
  handle:logErr("checking a request failed: " .. tostring(problem))
  answer(handle, "500", 13, "GATEWAY_ERROR", "", "internal error of the gateway", {})
end
