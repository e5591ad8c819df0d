--- The prompt: what is wrong, then settings.prompt.
local clean = require "autobackup.view.clean"

local M = {}

local FEW = 2    -- databases that are named

--- What is wrong, in as few words as a prompt can bear.
-- @param state of health.lua
-- @return text, "" when all is well
function M.trouble(state)
    local parts = {}
    if #state.offline > FEW then
        parts[1] = #state.offline .. " offline"
    elseif #state.offline > 0 then
        parts[1] = table.concat(state.offline, ", ") .. " offline"
    end
    if state.damaged > 0 then
        parts[#parts + 1] = state.damaged .. " damaged"
    end
    if (state.differing or 0) > 0 then
        parts[#parts + 1] = state.differing .. (state.differing == 1 and " differs" or " differ")
    end
    return table.concat(parts, ", ")
end

-- The editor must know what takes no room on the screen. A prompt may have colours of its own, and nothing else.
local function with_marks(text)
    text = clean.composed((text:gsub("%z.*", "")))
    return (text:gsub("\27%[[%d;]*m", "\1%0\2"):gsub("\27%[[%d;]*G", ""))
end

local function standard(text, state, out)
    local trouble = M.trouble(state)
    if trouble == "" then
        return text
    end
    local is_bad = state.damaged + (state.differing or 0) > 0
    return out:color(is_bad and "red" or "yellow", "[" .. out:clean(trouble) .. "]") .. " " .. text
end

local function ask(fn, state)
    local offline = {}
    for i, name in ipairs(state.offline) do
        offline[i] = clean.clean(name)
    end
    local given = {databases = state.databases, offline = offline, damaged = state.damaged,
        differing = state.differing, trouble = clean.clean(M.trouble(state))}
    local ok, text = pcall(fn, given)
    if ok and (type(text) == "string" or type(text) == "number") then
        return tostring(text)
    end
    return nil, ok and "it returned a " .. type(text) .. ", not a string" or tostring(text)
end

--- The prompt's text.
-- @param setting settings.prompt: a string, which stands behind what is wrong, or a function that is given
--        {databases=, offline=, damaged=, differing=, trouble=} and returns all of it
-- @param default the setting that takes the place of a function which fails
-- @param state of health.lua
-- @param out for colours
-- @return text as the editor takes it, and why the function failed or nil
function M.text(setting, default, state, out)
    local problem
    if type(setting) == "function" then
        local text
        text, problem = ask(setting, state)
        if text then
            return with_marks(text)
        end
        setting = default
    end
    return with_marks(standard(setting, state, out)), problem
end

return M
