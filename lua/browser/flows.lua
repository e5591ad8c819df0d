--- The commands that the browser starts, and what they ask first. Pure.
--
-- A flow: command, scope (what it is about), values (answers so far), steps (what is still to be asked) and dialog
-- (dialog.lua), which asks for the first of them.
local dialog = require "autobackup.browser.dialog"
local glob = require "autobackup.glob"
local locate = require "autobackup.locate"

local M = {}

--- What a command would be about: the row under the cursor, else the place.
-- @param place see place.lua, @param row of its list, nil on the way up
-- @return a place; nil and a message when it is no place with a client
function M.target(place, row)
    local target = row and row.into or place
    if not target.client then
        return nil, "choose a client, a project or a category first"
    end
    return target
end

local function describe(scope)
    local what = scope.client .. "/" .. (scope.name or "*")
    return what .. (scope.category and " " .. scope.category or "")
end

-- The path in the replica that a copy is about, for people and as patterns: the file or folder under the cursor,
-- in a folder on the way up that folder. Nothing where it is all of a category.
local function part_of(place, row)
    local at = row and row.into or place
    if place.kind == "folder" and row and not row.into then
        local patterns = {}
        for i, pattern in ipairs(row.frames or {glob.literal(row.name)}) do
            patterns[i] = locate.join(glob.literal(place.path), pattern)
        end
        return locate.join(place.path, row.name), patterns
    elseif at.kind == "folder" and at.path ~= "" then
        return at.path, {glob.literal(at.path)}
    end
end

local function offline_notes(databases)
    local notes = {}
    for _, database in ipairs(databases) do
        notes[database.database] = not database.online and "offline" or nil
    end
    return notes
end

-- Names of databases that a function wants.
local function names_of(flow, wanted)
    local names = {}
    for _, database in ipairs(flow.databases) do
        if wanted(database.database) then
            names[#names + 1] = database.database
        end
    end
    return names
end

local function has_it(flow, name)
    local word = flow.marks and flow.marks[name]
    return not flow.marks or word ~= "absent" and word ~= nil
end

-- The line is short, and on top stands where this is: the last name will do.
local function choice(flow, text, names, many)
    local what = flow.part and flow.part:match("[^/]*$") or flow.scope.category or flow.scope.name
        or flow.scope.client
    return dialog.choice(("%s %s %s"):format(flow.command, what, text), names,
        {many = many, notes = offline_notes(flow.databases)})
end

local steps = {}

function steps.from(flow)
    return choice(flow, "from", names_of(flow, function(name) return has_it(flow, name) end))
end

function steps.to(flow)
    return choice(flow, "from " .. flow.values.from .. " to", names_of(flow, function(name)
        return name ~= flow.values.from
    end), true)
end

function steps.sure(flow)
    local what = describe(flow.scope) .. (flow.part and " " .. flow.part or "")
    return dialog.question(("copy %s from %s to %s?"):format(what, flow.values.from,
        table.concat(flow.values.to, ", ")))
end

function steps.reference(flow)
    return choice(flow, "on", names_of(flow, function(name) return has_it(flow, name) end))
end

function steps.other(flow)
    local names = names_of(flow, function(name) return name ~= flow.values.reference end)
    local held = {}
    for _, name in ipairs(names) do
        held[#held + 1] = has_it(flow, name) and name or nil
    end
    return choice(flow, "on " .. flow.values.reference .. " with", #held > 0 and held or names)
end

local commands = {}

commands.copy = {
    parts = true,
    steps = {"from", "to", "sure"}, key = "from",
    effect = function(flow)
        return {project = flow.project, category = flow.scope.category or "all", from = flow.values.from,
            to = flow.values.to, only = flow.only}
    end,
}

commands.compare = {
    steps = {"reference", "other"}, key = "reference",
    effect = function(flow)
        return {project = flow.project, category = flow.scope.category or "all",
            databases = {flow.values.reference, flow.values.other}, files = true}
    end,
}

commands.verify = {
    steps = {},
    effect = function(flow)
        return {project = flow.project, category = flow.scope.category, database = flow.scope.database}
    end,
}

-- Ask the next thing; when nothing is left, what is to be run.
local function advance(flow)
    local step = table.remove(flow.steps, 1)
    if not step then
        return {kind = "run", command = flow.command, args = commands[flow.command].effect(flow),
            title = flow.command .. " " .. describe(flow.scope) .. (flow.part and " " .. flow.part or "")}
    end
    flow.step, flow.dialog = step, steps[step](flow)
end

local function refuse(command, databases, has_command)
    if not has_command(command) then
        return ("this program has no command '%s' yet"):format(command)
    elseif command ~= "verify" and #databases < 2 then
        return "there is only one database; add another one first: add database NAME PATH"
    end
end

--- Start a command on what is under the cursor.
-- @param command "copy", "compare" or "verify"
-- @param place, row as for target
-- @param databases list of {database=, online=}
-- @param has_command function(name) -> boolean
-- @return flow, or nil and why not, or the effect of a flow that asks nothing in `flow.effect`
function M.start(command, place, row, databases, has_command)
    local scope, why = M.target(place, row)
    why = why or refuse(command, databases, has_command)
    if why then
        return nil, why
    end
    local declared = commands[command]
    local flow = {command = command, scope = scope, databases = databases, marks = row and row.marks,
        project = scope.name and scope.client .. "/" .. scope.name or glob.prefix(scope.client .. "/"),
        values = {},
        steps = table.move(declared.steps, 1, #declared.steps, 1, {})}
    if declared.parts then
        flow.part, flow.only = part_of(place, row)
    end
    if declared.key and scope.database then
        flow.values[declared.key] = scope.database
        table.remove(flow.steps, 1)
    end
    flow.effect = advance(flow)
    return flow
end

--- Take an answer.
-- @param flow changed in place, @param value of its dialog
-- @return the effect when everything is answered
function M.answer(flow, value)
    flow.values[flow.step] = value
    return advance(flow)
end

return M
