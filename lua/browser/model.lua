--- The state of the browser and what a key does to it. No terminal, no disk: a key goes in, and what is to be done
-- outside comes out.
--
-- The model: place (place.lua), list (what is there: list.lua), at (the row under the cursor; 0: the way up), top
-- (the first row seen), height (rows that are seen at once), order, filter (text or nil), trail (what to come back
-- to: places above with their row and filter), frames (the sequence whose frames the filter shows), databases
-- (catalog rows with `online`), and at most one of editing (the filter is being typed), flow (a command that asks,
-- flow.dialog), panel (text over the list), with message (for the bottom line until the next key).
--
-- An effect: {kind = "open", place =, name = the row to stand on}, {kind = "reload"}, {kind = "redraw"},
-- {kind = "next"}: to the next difference,
-- {kind = "quit"}, {kind = "run", command =, args =, title =}, {kind = "explore", place =}.
local dialog_module = require "autobackup.browser.dialog"
local flows = require "autobackup.browser.flows"
local panels = require "autobackup.browser.panel"
local places = require "autobackup.browser.place"

local M = {}

local ORDERS = {size = "name", name = "time", time = "size"}

--- Make a model at a place.
-- @param fields place, list, databases (list of {database=, online=, loaded_at=}), commands (function(name) ->
--        whether there is such a command)
function M.new(fields)
    return {place = fields.place, list = fields.list, databases = fields.databases, commands = fields.commands,
        at = 1, top = 1, height = 10, order = "size", trail = {}}
end

--- How many rows can be stood on, the way up among them, which is number 0.
function M.count(model)
    return model.list:count()
end

--- The row of the way up, or the first one at the root.
function M.first(model)
    return places.parent(model.place) and 0 or 1
end

--- Bring the cursor to a row that there is, and into what is seen.
function M.settle(model)
    local first, last = M.first(model), M.count(model)
    model.at = math.max(first, math.min(model.at, last))
    local height = math.max(model.height, 1)
    model.top = math.max(model.at - height + 1, math.min(model.top, model.at))
    model.top = math.max(first, math.min(model.top, last - height + 1))
end

--- Show another place, or the same one anew.
-- @param list what is there, @param name the row to stand on (optional)
function M.enter(model, place, list, name)
    model.place, model.list, model.frames = place, list, nil
    list:arrange(model.order, model.filter)
    model.at = name and list:place(name) or math.min(1, list:count())
    model.top = M.first(model)
    M.settle(model)
end

--- The row under the cursor; nil on the way up or in an empty list.
function M.row(model)
    return model.at > 0 and model.list:rows(model.at, model.at)[1] or nil
end

local function move(by)
    return function(model)
        model.at = model.at + by(model)
        M.settle(model)
    end
end

-- The frames of a sequence have their own order, whatever the list has.
local function arrange(model, name)
    model.list:arrange(model.frames and "name" or model.order, model.filter)
    model.at = name and model.list:place(name) or math.min(1, model.list:count())
    M.settle(model)
end

local function leave_filter(model)
    if model.filter then
        local row, name = M.row(model), model.frames
        model.filter, model.frames = nil, nil
        arrange(model, name or row and row.name)
    end
end

local function up(model)
    if model.frames then
        return leave_filter(model)
    end
    local parent = places.parent(model.place)
    if not parent then
        model.message = "this is the top; q leaves"
        return nil
    end
    local before = table.remove(model.trail)
    model.filter = before and before.filter
    return {kind = "open", place = parent, name = places.name_of(model.place)}
end

local function describe(row)
    local parts = {row.name}
    parts[#parts + 1] = row.kind ~= "file" and row.kind or nil
    parts[#parts + 1] = row.bytes and ("%d bytes"):format(row.bytes)
    return table.concat(parts, ", ")
end

local function descend(model)
    if model.at == 0 then
        return up(model)
    end
    local row = M.row(model)
    if not row then
        return nil
    elseif row.pattern then
        model.filter, model.frames = row.pattern, row.name
        return arrange(model)
    elseif not row.into then
        model.message = describe(row)
        return nil
    end
    table.insert(model.trail, {filter = model.filter})
    model.filter = nil
    return {kind = "open", place = row.into}
end

local function next_order(model)
    local row = M.row(model)
    model.order = ORDERS[model.order]
    arrange(model, row and row.name)
end

local function ask(command)
    return function(model)
        local flow, why = flows.start(command, model.place, M.row(model), model.databases, model.commands)
        model.message = why
        if flow and flow.effect then
            return flow.effect
        end
        model.flow = flow
    end
end

local function explore(model)
    local target, why = flows.target(model.place, M.row(model))
    if not target or target.kind ~= "folder" then
        model.message = why or "a file manager opens a folder on one disk: go into a database first"
        return nil
    end
    return {kind = "explore", place = target}
end

local keys = {
    up = move(function() return -1 end), down = move(function() return 1 end),
    pageup = move(function(m) return -m.height end), pagedown = move(function(m) return m.height end),
    home = move(function() return -math.maxinteger // 2 end),
    ["end"] = move(function(m) return M.count(m) end),
    enter = descend, left = up, s = next_order, escape = leave_filter, o = explore,
    c = ask "copy", v = ask "verify", d = ask "compare",
    ["/"] = function(model) model.editing = model.filter or "" end,
    ["?"] = function(model) model.panel = {is_help = true, title = "keys", lines = {}, top = 1} end,
    q = function() return {kind = "quit"} end,
    n = function() return {kind = "next"} end,
    ["C-l"] = function() return {kind = "redraw"} end,
    r = function() return {kind = "reload"} end,
}
keys.k, keys.j, keys.g, keys.G = keys.up, keys.down, keys.home, keys["end"]
keys.right, keys.l, keys.h, keys.backspace = keys.enter, keys.enter, keys.left, keys.left
keys["C-c"], keys.f1, keys.f5, keys["C-b"], keys["C-f"] = keys.q, keys["?"], keys.r, keys.pageup, keys.pagedown

-- ".." typed goes up as well.
local function dots(model, key)
    local is_second = key == "." and model.dot
    model.dot = key == "." and not model.dot
    return is_second and up(model) or nil
end

local function narrow(model, text)
    model.editing, model.filter, model.frames = text, text ~= "" and text or nil, nil
    arrange(model)
end

local function edit(model, key)
    if key == "enter" or key == "down" then
        model.editing = nil
    elseif key == "escape" or key == "C-c" then
        model.editing = nil
        leave_filter(model)
    elseif key == "backspace" and model.editing == "" then
        model.editing = nil
    elseif key == "backspace" then
        narrow(model, (model.editing:gsub("[^\x80-\xBF][\x80-\xBF]*$", "")))
    elseif key == "C-u" then
        narrow(model, "")
    elseif utf8.len(key) == 1 then
        narrow(model, model.editing .. key)
    end
end

local function answer(model, key)
    local value = dialog_module.key(model.flow.dialog, key)
    if value == false then
        model.flow = nil
    elseif value ~= nil then
        local effect = flows.answer(model.flow, value)
        if effect then
            model.flow = nil
        end
        return effect
    end
end

local function read(model, key)
    if panels.key(model.panel, key, math.max(model.panel.height or model.height, 1)) then
        model.panel = nil
    end
end

--- Take a key.
-- @param model changed in place
-- @param key name of a key as core.screen gives it
-- @return effect, nil when nothing is to be done outside
function M.key(model, key)
    model.message = nil
    if key == "resize" then
        return {kind = "redraw"}
    elseif model.panel then
        return read(model, key)
    elseif model.flow then
        return answer(model, key)
    elseif model.editing then
        return edit(model, key)
    elseif key == "." or model.dot then
        local effect = dots(model, key)
        if key == "." then
            return effect
        end
    end
    return keys[key] and keys[key](model)
end

return M
