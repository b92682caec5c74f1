-- Turns what a gRPC refusal says into the headers that HTTP clients read: Retry-After and WWW-Authenticate.

local RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"
local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function decoded(text)
  local bytes, buffer, bits = {}, 0, 0
  for character in text:gmatch("[A-Za-z0-9+/]") do
    buffer = buffer * 64 + ALPHABET:find(character, 1, true) - 1
    bits = bits + 6
    if bits >= 8 then
      bits = bits - 8
      local unit = 2 ^ bits
      bytes[#bytes + 1] = string.char(math.floor(buffer / unit))
      buffer = buffer % unit
    end
  end
  return table.concat(bytes)
end

local function varint(bytes, at)
  local value, unit = 0, 1
  for index = at, math.min(at + 8, #bytes) do
    local byte = bytes:byte(index)
    value = value + (byte % 128) * unit
    if byte < 128 then return value end
    unit = unit * 128
  end
  return nil
end

-- After the type's name: tag and length of Any.value, tag and length of the delay, tag of its seconds.
local function retry_seconds(bytes)
  local _, name_end = bytes:find(RETRY_INFO, 1, true)
  if not name_end then return nil end
  local tags = { [name_end + 1] = 0x12, [name_end + 3] = 0x0a }
  for at, tag in pairs(tags) do
    if bytes:byte(at) ~= tag then return nil end
  end
  if bytes:byte(name_end + 5) ~= 0x08 then return 1 end
  return varint(bytes, name_end + 6)
end

function envoy_on_response(handle)
  local headers = handle:headers()
  local status = headers:get("grpc-status")
  if not status or status == "0" then return end
  if status == "16" and not headers:get("www-authenticate") then
    headers:add("www-authenticate", "Bearer")
  end
  local details = headers:get("grpc-status-details-bin")
  if details and not headers:get("retry-after") then
    local delay = retry_seconds(decoded(details))
    if delay then headers:add("retry-after", string.format("%d", math.max(delay, 1))) end
  end
end
