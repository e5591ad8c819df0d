--- Consent: the one way to ask before something final or one-sided is done.
--
-- On a terminal what is at stake is shown, and asked about. Where nobody can be asked it is refused with what
-- would be done and how to say yes beforehand: --yes as a word, yes = true in Lua.
local errors = require "autobackup.errors"

local M = {}

--- The declaration of the option `yes`, for a command's `options`.
-- @return table
function M.option()
    return {short = "y", help = "do not ask"}
end

local ADVICE = "say --yes to do it (yes = true in Lua)"

local function refusal(asked)
    local parts = {asked.what}
    table.move(asked.lines or {}, 1, #(asked.lines or {}), 2, parts)
    return table.concat(parts, "; ") .. "; " .. (asked.advice or ADVICE)
end

-- What people read: a line for each of what is at stake.
local function shown(asked)
    local lines = {asked.what .. (asked.lines and asked.lines[1] and ":" or ".")}
    for _, line in ipairs(asked.lines or {}) do
        lines[#lines + 1] = "    " .. line
    end
    return lines
end

--- Go on only with somebody's yes. Ask before anything is done, and once for all that one command does.
-- @param session the session
-- @param args the command's arguments; `yes` = true is a yes
-- @param asked {
--     what = a clause with the numbers, without a full stop ("prune would remove 12 old versions (3 GB)"),
--     lines = list of what more is at stake, such as one for each database (optional),
--     question = what is asked ("Remove them?"),
--     kept = what is said after a no ("nothing was removed"),
--     advice = what to do where nobody can be asked (how to say yes beforehand when left out)}
-- @return nothing: it may be done. Raises ECONFIRM (exit status 1) where nobody can be asked, ECANCELED (1,
-- already told) after a no; Ctrl-C raises
function M.require(session, args, asked)
    if args.yes then
        return
    elseif not session.interactive then
        local lines = shown(asked)
        lines[#lines + 1] = asked.advice or ADVICE
        errors.raise("ECONFIRM", refusal(asked), {lines = asked.lines, shown = asked.lines and lines})
    elseif not session:confirm(asked.question, shown(asked)) then
        session:message(session.err:clean(asked.kept))
        errors.raise("ECANCELED", asked.kept, {told = true, traceback = ""})
    end
end

return M
