--- Rows that a result may have millions of, written while they come: on a pipe, into a file, as JSON. What is read
-- on a terminal, and what Lua gets, is a list, and lists are bounded (jobs.collector).
--
-- The frame hands a sink to a command that was given as words (command.lua); the command puts such rows into it
-- instead of into its result, and the sink writes them through the declaration's `flow`.

local M = {}

local BATCH = {json = 256, text = 5000}    -- rows that are held until they are written

local Sink = {}
Sink.__index = Sink

--- A sink for the rows of a command.
-- @param session the session
-- @param declaration of the command
-- @param is_json whether rows go out as JSON
-- @return sink; nil where the result is shown as a whole: on a terminal, and by a command without `flow`
function M.sink(session, declaration, is_json)
    if not declaration.flow or session.out.tty and not is_json then
        return nil
    end
    return setmetatable({
        session = session, declaration = declaration, is_json = is_json, rows = {}, state = {},
        batch = is_json and BATCH.json or BATCH.text,
    }, Sink)
end

--- Take a row; it is written now or later. Raises when it cannot be (a closed pipe: EPIPE).
function Sink:add(row)
    local list = self.rows
    list[#list + 1] = row
    if #list >= self.batch then
        self:flush()
    end
end

local function encode(list)
    local json, lines = require "autobackup.view.json", {}
    for i, row in ipairs(list) do
        lines[i] = json.encode(row)
    end
    lines[#lines + 1] = ""
    return table.concat(lines, "\n")
end

--- Write what is held.
function Sink:flush()
    local list, out = self.rows, self.session.out
    if #list == 0 then
        return
    end
    self.rows = {}
    io.stdout:flush()
    self.session:hide_progress()
    if self.is_json then
        out:write(encode(list))
    else
        self.declaration.flow(list, out, self.session, self.state)
    end
end

return M
