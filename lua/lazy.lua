--- Modules that are read when something of them is first asked for. To read the whole program takes longer than a short command,
-- and of most modules that one asks nothing: what a hint, a doubt or an unusual disk wants, where there is none.

--- A module for later, in place of `require`: of one that is a table of functions, and of which nothing is asked at load.
-- @param name as for require
-- @return a table with what that module has
return function(name)
    return setmetatable({}, {
        __index = function(self, key)
            local value = require(name)[key]
            rawset(self, key, value)
            return value
        end,
    })
end
