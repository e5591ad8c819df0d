--- What comparing replicas came to, as the catalog remembers it: methods of the catalog (catalog.lua).
local M = {}

local SELECT = "SELECT a, b, a_print, b_print, times, state, content, doubtful, leads FROM judged"

--- What is remembered of two replicas.
-- @param a, b catalog ids, the smaller first
-- @return row {a, b, a_print, b_print, times, state, content, doubtful, leads} or nil
function M:judgement(a, b)
    return self:rows(SELECT .. " WHERE a = ? AND b = ?", {a, b})[1]
end

--- All that is remembered.
-- @return table from id to table from id to row as above
function M:judgements()
    local known = {}
    for _, row in ipairs(self:rows(SELECT)) do
        known[row.a] = known[row.a] or {}
        known[row.a][row.b] = row
    end
    return known
end

-- A replica that another program forgot meanwhile has no answers.
local KEEP = [[INSERT OR REPLACE INTO judged
    (a, b, a_print, b_print, times, state, content, doubtful, leads) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?
    WHERE EXISTS (SELECT 1 FROM replica WHERE id = ?1) AND EXISTS (SELECT 1 FROM replica WHERE id = ?2)]]

--- Remember.
-- @param list of rows as above
function M:keep_judgements(list)
    self:transaction(function()
        for _, row in ipairs(list) do
            self:exec(KEEP,
                {row.a, row.b, {blob = row.a_print}, {blob = row.b_print}, row.times, row.state, row.content,
                    row.doubtful, row.leads})
        end
    end)
end

local PRINT = "CAST(lower(hex(%s.fingerprint)) || lower(hex(%s.evidence)) AS BLOB)"

local DIFFERING = [[SELECT COALESCE(SUM(content), 0) AS n FROM (SELECT MAX(j.content) AS content
    FROM judged j JOIN replica a ON a.id = j.a AND j.a_print = ]] .. PRINT:format("a", "a") .. [[
    JOIN replica b ON b.id = j.b AND j.b_print = ]] .. PRINT:format("b", "b") .. [[
    WHERE j.content > 0 GROUP BY a.client, a.project, a.category)]]

--- How many files are known to have other contents on another disk at the same size and time. At least: of three
-- replicas that differ in different files the two that differ most are counted.
function M:differing_files()
    return self:rows(DIFFERING)[1].n
end

return M
