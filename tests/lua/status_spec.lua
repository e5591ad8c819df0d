local unit = require("luaunit")
local status = require("autobackup.status")

local M = {}

function M.test_the_worst_wins_in_the_order_of_the_design()
    local order = {0, 3, 4, 10, 75, 1, 11, 130}
    for i = 1, #order do
        for j = i, #order do
            unit.assertEquals(status.worst(order[i], order[j]), order[j])
            unit.assertEquals(status.worst(order[j], order[i]), order[j])
        end
    end
end

function M.test_usage_counts_like_failed_and_the_first_stays()
    unit.assertEquals({status.worst(1, 2), status.worst(2, 1), status.worst(2, 11)}, {1, 2, 11})
    unit.assertEquals(status.worst(75, 7), 7)
end

return M
