-- What truth.py asks the program, in one long process: each line of standard input is a Lua expression, in the session's
-- environment. The answer is its result as JSON, then a line that begins with a NUL: the status, or "error CODE MESSAGE".
local function ending(ok, result)
    if ok then
        return tostring(type(result) == "table" and result.status or 0)
    end
    local code = type(result) == "table" and result.code or "ELUA"
    return ("error %s %s"):format(code, (tostring(result):gsub("[%c]", "?")))
end

for line in io.lines() do
    local ask, why = _G.load("return " .. line, "=request", "t", _ENV)
    local ok, result = false, why
    if ask then
        ok, result = pcall(ask)
    end
    if ok then
        ok, result = pcall(function()
            show(result)
            return result
        end)
    end
    io.stdout:write("\0", ending(ok, result), "\n")
    io.stdout:flush()
end
