-- Makes of a table another that shows the same and cannot be changed, and a function that makes it show a third. Enough where
-- there is no `rawset`.
local error, getmetatable, setmetatable, tostring, type = error, getmetatable, setmetatable, tostring, type

local function missing(_, name)
    if type(name) ~= "string" and type(name) ~= "number" then
        error("Second argument to luaProtectedTableError must be a string or number", 2)
    end
    error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
end

local function readonly()
    error("Attempt to modify a readonly table", 2)
end

return function(content)
    local meta = { __newindex = readonly, __metatable = false }
    local function choose(other)
        if not getmetatable(other) then setmetatable(other, { __index = missing }) end
        meta.__index = other
    end
    choose(content)
    return setmetatable({}, meta), choose
end
