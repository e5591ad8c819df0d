-- manifest.lua FILE: what a manifest calls done, read without the program: "taken DIGEST PATH" and "end STATE",
-- with tabs between.
local FIELDS = {
    ["autobackup-manifest"] = 11, create = 10, replace = 17, remove = 10, touch = 17, void = 3, taken = 11,
    ["end"] = 6,
}

local file = assert(io.open(arg[1], "rb"))
local fields, at = {}, 1
for field in file:read("a"):gmatch("([^\0]*)\0") do
    fields[#fields + 1] = field
end
file:close()
while FIELDS[fields[at]] and fields[at + FIELDS[fields[at]] - 1] do
    if fields[at] == "taken" then
        print(("taken\t%s\t%s"):format(fields[at + 2], fields[at + 1]))
    elseif fields[at] == "end" then
        print(("end\t%s\t"):format(fields[at + 1]))
    end
    at = at + FIELDS[fields[at]]
end
