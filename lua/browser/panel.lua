--- Text to read on the full screen: lines with colours, scrolled. Pure.
local clean = require "autobackup.view.clean"
local wrap = require "autobackup.view.wrap"

local M = {}

local STYLES = {["1"] = "bold", ["2"] = "dim", ["31"] = "bad", ["32"] = "good", ["33"] = "warn", ["34"] = "key",
    ["36"] = "key"}

--- A line with colour sequences (view/color.lua) as spans.
-- @param line text without other control characters
-- @return flat list text, style, text, style...
function M.spans(line)
    local spans, style, at = {}, "plain", 1
    while at <= #line do
        local first, last, code = line:find("\27%[([%d;]*)m", at)
        if (first or #line + 1) > at then
            spans[#spans + 1], spans[#spans + 2] = line:sub(at, (first or #line + 1) - 1), style
        end
        style = code and (STYLES[code] or "plain") or style
        at = (last or #line) + 1
    end
    return spans
end

--- Make a panel.
-- @param title text, @param text of its lines, may be ""
function M.new(title, text)
    local panel = {title = title, lines = {}, top = 1}
    M.add(panel, text or "")
    return panel
end

--- The lines of a text broken at a width, their control characters made visible.
-- @param lines list, @param width columns, @param width_of function(text) -> columns
-- @return list
function M.wrapped(lines, width, width_of)
    local broken = {}
    for _, line in ipairs(lines) do
        for _, piece in ipairs(wrap.line(clean.clean(line), width, width_of)) do
            broken[#broken + 1] = piece
        end
    end
    return broken
end

--- Make a panel that asks: y is a yes.
-- @param question text, @param lines list of what is at stake
function M.question(question, lines)
    local panel = M.new(question)
    panel.lines, panel.is_question = lines, true
    return panel
end

--- Add text at the end; what does not end with a line feed is continued by the next.
function M.add(panel, text)
    for line, ending in text:gmatch("([^\n]*)(\n?)") do
        if line ~= "" or ending ~= "" then
            local last = panel.open and #panel.lines or #panel.lines + 1
            panel.lines[last] = (panel.open and panel.lines[last] or "") .. line
            panel.open = ending == ""
        end
    end
end

local function scroll(panel, by, height)
    panel.top = math.max(1, math.min(panel.top + by, #panel.lines - height + 1))
end

local keys = {
    up = function() return -1 end, down = function() return 1 end,
    pageup = function(height) return -height end, pagedown = function(height) return height end,
    home = function() return -math.maxinteger // 2 end, ["end"] = function() return math.maxinteger // 2 end,
}
keys.k, keys.j, keys.g, keys.G, keys[" "] = keys.up, keys.down, keys.home, keys["end"], keys.pagedown

--- Take a key of a panel that asks.
-- @param height lines that are seen at once
-- @return true or false: the answer; nil while it is read
function M.answer(panel, key, height)
    if keys[key] then
        scroll(panel, keys[key](height), height)
        return nil
    end
    return key == "y" or key == "Y"
end

--- Take a key.
-- @param height lines that are seen at once
-- @return true when the panel is to be left
function M.key(panel, key, height)
    if key == "escape" or key == "q" or key == "enter" or key == "left" or key == "backspace" or key == "C-c"
        or key == "?" or key == "h" then
        return true
    elseif keys[key] then
        scroll(panel, keys[key](height), height)
    end
end

return M
