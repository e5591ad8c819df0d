--- Base64 (RFC 4648), for bytes that JSON cannot hold.
local M = {}

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function digit(value)
    return ALPHABET:sub(value + 1, value + 1)
end

--- Encode bytes.
-- @param bytes any string
-- @return text, padded with "="
function M.encode(bytes)
    local parts = {}
    for at = 1, #bytes, 3 do
        local a, b, c = bytes:byte(at, at + 2)
        local word = a << 16 | (b or 0) << 8 | (c or 0)
        parts[#parts + 1] = digit(word >> 18) .. digit(word >> 12 & 63)
            .. (b and digit(word >> 6 & 63) or "=") .. (c and digit(word & 63) or "=")
    end
    return table.concat(parts)
end

return M
