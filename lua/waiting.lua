--- How long a command waits for a database that another program writes to.
local errors = require "autobackup.errors"
local types = require "autobackup.types"

local M = {}

--- What --lock-wait says, or else settings.lock_wait.
-- @param args of a command with the option lock-wait, @param session the session
-- @return seconds, or nil: not at all. A setting that is no duration is an error of usage.
function M.seconds(args, session)
    local value = args.lock_wait
    if value ~= nil or session.settings.lock_wait == nil then
        return value
    end
    local seconds, message = types.get("duration").check(session.settings.lock_wait, session, {})
    if seconds == nil then
        errors.usage("settings.lock_wait: %s", message)
    end
    return seconds
end

return M
