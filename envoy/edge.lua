-- What the HTTP API needs beyond plain translation between JSON and protobuf. It runs for every request: return early.

-- envoy.yaml.j2 has the same number, for bodies whose length is not told beforehand.
local LARGEST_BODY = 65536

-- A caller's request id goes into logs and from hop to hop, so only a short plain one is kept.
local LONGEST_REQUEST_ID = 128
local seeded = false

local function new_request_id(handle)
  if not seeded then
    math.randomseed(handle:timestamp())
    seeded = true
  end
  local random = math.random
  return string.format("%08x-%04x-4%03x-%04x-%06x%06x", random(0, 0x7fffffff), random(0, 0xffff), random(0, 0xfff),
    random(0x8000, 0xbfff), random(0, 0xffffff), random(0, 0xffffff))
end

-- filter[self] and filter%5Bself%5D become filter.self, the name that the translation knows.
local function plain_key(key)
  key = key:gsub("%%5[bB]", "["):gsub("%%5[dD]", "]")
  return (key:gsub("%[([%w_]+)%]", ".%1"))
end

local function plain_query(query)
  local pairs_out = {}
  for pair in query:gmatch("[^&]+") do
    local equals = pair:find("=", 1, true)
    -- Keys only: a value may hold any brackets it likes.
    pairs_out[#pairs_out + 1] = equals and plain_key(pair:sub(1, equals - 1)) .. pair:sub(equals) or plain_key(pair)
  end
  return table.concat(pairs_out, "&")
end

-- Reads all that the caller wants to send and forgets it, on the way to a route that says 413.
local function read_and_refuse(handle, headers, path)
  headers:replace("x-envoy-original-path", path)
  headers:replace(":path", "/-/too-large")
  headers:remove("content-length")
  for chunk in handle:bodyChunks() do
    chunk:setBytes("")
  end
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local id = headers:get("x-request-id")
  if id == nil or #id > LONGEST_REQUEST_ID or id == "" or id:find("[^%w%-_.]") then
    headers:replace("x-request-id", new_request_id(handle))
  end

  -- What gRPC's own callers say to gRPC is not for a JSON caller to say.
  local kind = headers:get("content-type")
  if kind == nil or kind:sub(1, 16) ~= "application/grpc" then
    headers:remove("grpc-encoding")
    headers:remove("grpc-accept-encoding")
    headers:remove("grpc-internal-encoding-request")
  end

  local path = headers:get(":path")
  local length = headers:get("content-length")
  if length ~= nil and #length > 4 and tonumber(length) > LARGEST_BODY then
    return read_and_refuse(handle, headers, path)
  end
  local mark = path:find("?", 1, true)
  if mark == nil then
    return
  end
  if path:find("[", mark, true) or path:find("%%5[bB]", mark) then
    headers:replace(":path", path:sub(1, mark) .. plain_query(path:sub(mark + 1)))
  end
end

-- Meant for gRPC callers or for this file.
local INTERNAL = {
  "grpc-status", "grpc-message", "grpc-status-details-bin", "grpc-accept-encoding", "x-json-unwrap", "x-http-status",
}

-- What a service may answer with; those without a body are not among them, for there is one.
local STATUSES = {
  ["201"] = true, ["202"] = true, ["301"] = true, ["302"] = true, ["303"] = true, ["307"] = true, ["308"] = true,
}

-- {"rows":[...],"next_page_token":"..."} becomes [...]. Such a message begins with its only array and goes on with
-- tokens and numbers, so the last bracket of all is the one that closes it.
local function unwrap(body, field)
  local text = body:getBytes(0, body:length())
  local opening = '{"' .. field .. '":['
  if text:sub(1, #opening) ~= opening then
    return
  end
  local behind = text:reverse():find("]", 1, true)
  body:setBytes(text:sub(#opening, #text - behind + 1))
end

function envoy_on_response(handle)
  local headers = handle:headers()
  local kind = headers:get("content-type")
  if kind ~= nil and kind:sub(1, 16) == "application/grpc" then
    return
  end
  local field, status = headers:get("x-json-unwrap"), headers:get("x-http-status")
  for _, name in ipairs(INTERNAL) do
    headers:remove(name)
  end
  if (field == nil and status == nil) or headers:get(":status") ~= "200" then
    return
  end
  if STATUSES[status] then
    headers:replace(":status", status)
  end
  -- Waiting for the body ends the life of `headers`, so it comes last.
  if field ~= nil then
    local body = handle:body()
    if body ~= nil then
      unwrap(body, field)
    end
  end
end
