--- The keys and marks of the browser, for people.
local M = {}

local KEYS = {
    {"↑ ↓  k j", "move"},
    {"PageUp PageDown Home End  g G", "move far"},
    {"Enter → l", "go in; of a row of frames: show each"},
    {"Backspace ← h ..", "go up"},
    {"/", "filter: part of a name, or a pattern with * and ?"},
    {"s", "order: largest, by name, newest"},
    {"c", "copy this (a file or folder too) to other databases"},
    {"d", "compare this with another database"},
    {"n", "next difference: down to the file or folder that differs"},
    {"v", "verify this: read it and check its digests"},
    {"o", "open this folder in the file manager"},
    {"r", "read the catalog again"},
    {"Ctrl-L", "draw the screen again"},
    {"Esc", "leave a filter or a question"},
    {"q", "leave"},
}

local MARKS = {
    {"same", "the same as on the others"},
    {"similar", "the same as far as coarse file times tell"},
    {"differs", "differs from the others, or lacks a category; before a name: it or what is in it"},
    {"only", "exists only here"},
    {"absent", "absent"},
    {"unknown", "not known: never or not wholly read; behind a mark: offline, as it was when read last"},
    {"damaged", "damaged: verify found another content"},
}

local function line(writer, spans, width, key, text)
    local room = math.max(width - spans - 3, 1)
    return {"  " .. writer:left(key, spans), "key", " " .. writer:fit(text, room), "plain"}
end

--- Lines for a panel.
-- @param writer of render.lua, @param width columns
function M.lines(writer, width)
    local lines, first = {}, width < 45 and 10 or width < 80 and 18 or 30
    for _, key in ipairs(KEYS) do
        lines[#lines + 1] = line(writer, first, width, writer:key(key[1]), key[2])
    end
    lines[#lines + 1] = {"", "plain"}
    for _, mark in ipairs(MARKS) do
        local sign = mark[1] == "only" and "1" or writer.look.marks[mark[1]]
        lines[#lines + 1] = line(writer, 4, width, sign, mark[2])
    end
    return lines
end

return M
