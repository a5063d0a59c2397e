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

-- A path as logs and traces may show it: without its query, and without what is no name and no id of ours. Somebody may
-- have put a token or a mail address there, by mistake or because no path of ours has one.
local LONGEST_SEGMENT = 42
local function shown(path)
  local plain = path:match("^[^?#]*")
  if #plain <= LONGEST_SEGMENT and not plain:find("[@%%]") then
    return plain
  end
  return (plain:gsub("[^/]+", function(segment)
    return (#segment > LONGEST_SEGMENT or segment:find("[@%%]")) and "*" or segment
  end))
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

-- Links of mails pass through the hands of others, who look ahead (HEAD) and add parameters of their own.
local function plain_link(handle, headers, path)
  handle:streamInfo():dynamicMetadata():set("edge", "link", "yes")
  if headers:get(":method") == "HEAD" then
    handle:streamInfo():dynamicMetadata():set("edge", "head", "yes")
    headers:replace(":method", "GET")
  end
  local plain = path:match("^[^?]*")
  -- The signed part of a link stands in its query, which no log shows.
  local token = plain == "/notify/v1/unsubscribe" and path:match("[?&](token=[%w_-]*)")
  if token then
    plain = plain .. "?" .. token
  end
  if plain ~= path then
    headers:replace(":path", plain)
  end
  return plain
end

-- A reader of text/event-stream that connects again says in this header what it has had last.
local function resumed(headers, path)
  local last = headers:get("last-event-id")
  if last == nil or path:find("last_id=", 1, true) or not last:match("^[%x-]+$") then
    return path
  end
  path = path .. (path:find("?", 1, true) and "&" or "?") .. "last_id=" .. last
  headers:replace(":path", path)
  return path
end

local NO_TUNNEL = '{"code":5,"details":[],"message":"nobody serves this method and path"}'

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

  local accepted = headers:get("accept")
  if accepted ~= nil and accepted:find("text/html", 1, true) then
    local language = headers:get("accept-language")
    local page = language ~= nil and language:sub(1, 2):lower() == "ru" and "ru" or "en"
    handle:streamInfo():dynamicMetadata():set("edge", "page", page)
  end

  local path = headers:get(":path")
  if path == nil then
    -- CONNECT: nothing that waits for the end of a tunnel would ever answer.
    handle:respond({ [":status"] = "404", ["content-type"] = "application/json" }, NO_TUNNEL)
    return
  end
  handle:streamInfo():dynamicMetadata():set("edge", "path", shown(path))
  if path:sub(1, 3) == "/s/" or path:sub(1, 22) == "/notify/v1/unsubscribe" then
    path = plain_link(handle, headers, path)
  elseif path:sub(1, 23) == "/notify/v1/inbox/stream" then
    path = resumed(headers, path)
  end
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

-- What a person reads who opens a link of ours in a browser, instead of JSON.
local PAGES = {
  en = {
    ["401"] = { "Please sign in", "This page is for people who have signed in. Open your Matinee app, sign in there, and look into your inbox or your bookings." },
    ["403"] = { "Not for you", "This page belongs to somebody else. If you have another account, sign in with that one in your Matinee app." },
    ["404"] = { "Nothing here", "There is no such page. Perhaps the link was cut off on its way: copy all of it." },
    ["410"] = { "This link has expired", "It led somewhere for a while, and that time is over. Your Matinee app shows what is current." },
    other = { "That did not work", "Please try again in a moment." },
  },
  ru = {
    ["401"] = { "Войдите, пожалуйста", "Эта страница для тех, кто вошёл. Откройте приложение Matinee, войдите и загляните во входящие или в свои заявки." },
    ["403"] = { "Это не ваша страница", "Она принадлежит другому человеку. Если у вас есть другая учётная запись, войдите с ней в приложении Matinee." },
    ["404"] = { "Здесь ничего нет", "Такой страницы нет. Возможно, ссылка по дороге обрезалась: скопируйте её целиком." },
    ["410"] = { "Срок ссылки истёк", "Она действовала некоторое время, и оно прошло. Актуальное видно в приложении Matinee." },
    other = { "Не получилось", "Пожалуйста, попробуйте ещё раз чуть позже." },
  },
}
local PAGE = '<!doctype html><html lang="%s"><head><meta charset="utf-8">'
  .. '<meta name="viewport" content="width=device-width"><title>%s - Matinee</title><style>'
  .. "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1.5rem;color:#222}"
  .. "@media(prefers-color-scheme:dark){body{background:#1b1b1f;color:#ddd}}"
  .. "</style></head><body><h1>%s</h1><p>%s</p></body></html>\n"

local function refuse_as_page(handle, headers)
  local asked = handle:streamInfo():dynamicMetadata():get("edge")
  if asked ~= nil and asked["link"] then
    headers:replace("cache-control", "no-store")
  end
  if asked == nil or not asked["page"] then
    return
  end
  local pages = PAGES[asked["page"]]
  local words = pages[headers:get(":status")] or pages.other
  headers:replace("content-type", "text/html; charset=utf-8")
  headers:replace("cache-control", "no-store")
  headers:replace("vary", "accept, accept-language")
  headers:replace("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'")
  local body = handle:body(true)
  if body ~= nil then
    local length = body:setBytes(string.format(PAGE, asked["page"], words[1], words[1], words[2]))
    handle:headers():replace("content-length", length)
  end
end

-- Each event gets the id that its reader resumes with; a heartbeat has none.
local function number_events(handle)
  for chunk in handle:bodyChunks() do
    local text = chunk:getBytes(0, chunk:length())
    local numbered, count = text:gsub('data: {"id":"([%x-]+)"', 'id: %1\ndata: {"id":"%1"')
    if count > 0 then
      chunk:setBytes(numbered)
    end
  end
end

local function respond(handle)
  local headers = handle:headers()
  local kind = headers:get("content-type")
  if kind == "text/event-stream" then
    for _, name in ipairs(INTERNAL) do
      headers:remove(name)
    end
    return number_events(handle)
  end
  if kind ~= nil and kind:sub(1, 16) == "application/grpc" then
    return
  end
  local field, status = headers:get("x-json-unwrap"), headers:get("x-http-status")
  for _, name in ipairs(INTERNAL) do
    headers:remove(name)
  end
  if status == "410" and headers:get(":status") == "404" then
    headers:replace(":status", status)
  end
  if headers:get(":status"):sub(1, 1) == "4" or headers:get(":status"):sub(1, 1) == "5" then
    return refuse_as_page(handle, headers)
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

function envoy_on_response(handle)
  respond(handle)
  local asked = handle:streamInfo():dynamicMetadata():get("edge")
  if asked ~= nil and asked["head"] then
    local body = handle:body(true)
    if body ~= nil then
      body:setBytes("")
      handle:headers():replace("content-length", "0")
    end
  end
end
