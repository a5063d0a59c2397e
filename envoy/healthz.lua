-- Answers /healthz: asks every service whether it serves, as its own load balancer would reach it.

-- An empty grpc.health.v1.HealthCheckRequest, and the response that says SERVING, each behind gRPC's five bytes.
local REQUEST = "\0\0\0\0\0"
local SERVING = "\0\0\0\0\2\8\1"
local TIMEOUT_MS = 1000

local function serves(handle, service)
  local headers = {
    [":method"] = "POST",
    [":path"] = "/grpc.health.v1.Health/Check",
    [":authority"] = service,
    ["content-type"] = "application/grpc",
    ["te"] = "trailers",
  }
  local _, body = handle:httpCall(service, headers, REQUEST, TIMEOUT_MS)
  return body == SERVING
end

function envoy_on_request(handle)
  local silent = {}
  for _, service in ipairs(handle:metadata():get("services")) do
    if not serves(handle, service) then
      silent[#silent + 1] = '"' .. service .. '"'
    end
  end
  local status, text = "200", '{"status":"SERVING"}'
  if #silent > 0 then
    status, text = "503", '{"status":"NOT_SERVING","not_serving":[' .. table.concat(silent, ",") .. "]}"
  end
  handle:respond({ [":status"] = status, ["content-type"] = "application/json" }, text)
end
