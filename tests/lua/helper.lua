-- Folders and files for specs.
local fs = require("core.fs")
local sys = require("core.sys")

local M = {}

local function remove(folder)
    assert(sys.run({"rm", "-rf", "--", folder.path}) == 0)
end

--- A new empty folder, removed when the variable goes out of scope: `local folder <close> = helper.folder()`.
-- Its field `path` is absolute; folder:file(name, text) and folder:dir(name) make things in it, parents included,
-- and return their paths.
function M.folder()
    local folder = {path = (os.getenv("TMPDIR") or "/tmp") .. "/spec-" .. sys.random_hex(6)}
    assert(fs.mkdirs(folder.path))
    function folder:dir(name)
        assert(fs.mkdirs(self.path .. "/" .. name))
        return self.path .. "/" .. name
    end
    function folder:file(name, text)
        local parent = name:match("^(.*)/[^/]*$")
        if parent then
            self:dir(parent)
        end
        assert(fs.write(self.path .. "/" .. name, text or ""))
        return self.path .. "/" .. name
    end
    return setmetatable(folder, {__close = remove})
end

return M
