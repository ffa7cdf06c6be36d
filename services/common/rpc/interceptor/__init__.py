"""The interceptor of every RPC: request id, access, errors, and one log line.

`interceptor` wraps the handlers of a server, `call` has the layers around one method. A single
interceptor, because each layer adds cost.
"""
