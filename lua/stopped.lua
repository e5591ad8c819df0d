--- A copy that was stopped, told: what is safely at the destination, and what was under way.
local core_copy = require "core.copy"
local fs = require "core.fs"
local locate = require "autobackup.locate"
local size = require "autobackup.view.size"

local M = {}

-- What is kept of large files that were under way: ", and 120 MB of reel.mov so far", or "".
local function begun_text(context)
    local seen, bytes, count, name = {}, 0, 0, nil
    for _, path in ipairs(context.recent) do
        local folder, last = path:match("^(.*/)([^/]*)$")
        local written = not seen[path] and folder
            and fs.written(locate.join(context.target.path, folder .. core_copy.partial_name(path)))
        seen[path] = true
        if written and written > 0 then
            bytes, count, name = size.add(bytes, written), count + 1, last
        end
    end
    return count == 0 and "" or (", and %s of %s so far"):format(size.size(bytes),
        count == 1 and name or count .. " large files")
end

--- What to say of a transfer that was stopped.
-- @param run of transfer.lua, @param row of its copy, @param context of its events
-- @return one line: what is safely there, what was under way, and how to go on
function M.text(run, row, context)
    local event = context.plan
    local all = event and event.files_new + event.files_changed
    local before = run.done > 0 and (", after %d finished before"):format(run.done) or ""
    return ("copy stopped: %s of %s%s (%s) safely on %s%s%s; run it again to go on from there"):format(
        row.category, row.project, all and (": %d of %d files"):format(row.files_copied, all) or "",
        size.size(row.bytes_copied), row.to, begun_text(context), before)
end

return M
