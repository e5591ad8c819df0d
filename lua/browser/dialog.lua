--- Questions on the bottom line: a choice among names, or a yes. Pure: a dialog and a key in, an answer out.
--
-- A dialog: prompt, and of a choice: names (list), notes (by name, such as "offline"), many (several may be
-- marked), at (the place of the one under the cursor among those that match), typed (what narrows them), marked
-- (set).
local M = {}

--- Make a choice.
-- @param prompt text, @param names list of at least one, @param how {notes=, many=} (optional)
function M.choice(prompt, names, how)
    how = how or {}
    return {prompt = prompt, names = names, notes = how.notes or {}, many = how.many, at = 1, typed = "",
        marked = {}}
end

--- Make a question that Enter or y answers with yes, and any other key with no.
function M.question(prompt)
    return {prompt = prompt, is_question = true}
end

--- The names that go with what was typed.
function M.matching(dialog)
    local found, typed = {}, dialog.typed:lower()
    for _, name in ipairs(dialog.names) do
        if name:lower():sub(1, #typed) == typed then
            found[#found + 1] = name
        end
    end
    return found
end

local function step(dialog, by)
    local count = #M.matching(dialog)
    if count > 0 then
        dialog.at = (dialog.at - 1 + by) % count + 1
    end
end

local function toggle(dialog)
    local name = M.matching(dialog)[dialog.at]
    if name and dialog.many then
        dialog.marked[name] = not dialog.marked[name] or nil
    end
end

local function answer(dialog)
    local here = M.matching(dialog)[dialog.at]
    if not dialog.many then
        return here
    end
    local chosen = {}
    for _, name in ipairs(dialog.names) do
        if dialog.marked[name] then
            chosen[#chosen + 1] = name
        end
    end
    return #chosen > 0 and chosen or here and {here} or nil
end

-- What fits is all that may be typed: a letter that no name has there is not taken.
local function type_character(dialog, key)
    local before = dialog.typed
    dialog.typed = before .. key
    if #M.matching(dialog) == 0 then
        dialog.typed = before
    else
        dialog.at = 1
    end
end

local keys = {
    left = function(dialog) step(dialog, -1) end,
    right = function(dialog) step(dialog, 1) end,
    backspace = function(dialog)
        dialog.typed, dialog.at = dialog.typed:gsub("[^\x80-\xBF][\x80-\xBF]*$", ""), 1
    end,
    [" "] = toggle,
    enter = answer,
}
keys.up, keys.down, keys.tab, keys.backtab = keys.left, keys.right, keys.right, keys.left

--- Take a key.
-- @param dialog changed in place
-- @param key name of a key as core.screen gives it
-- @return nil while it goes on; false: given up; true, a name or a list of names (many): the answer
function M.key(dialog, key)
    if key == "escape" or key == "C-c" then
        return false
    elseif dialog.is_question then
        return key == "enter" or key == "y" or key == "Y"
    elseif keys[key] then
        return keys[key](dialog)
    elseif utf8.len(key) == 1 then
        type_character(dialog, key)
    end
end

return M
