-- Makes of a table another that shows the same and cannot be changed, and a function that makes it show a third. Enough where
-- there is no `rawset`.
local error, setmetatable, type, tostring = error, setmetatable, type, tostring

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
        meta.__index = setmetatable(other, { __index = missing })
    end
    choose(content)
    return setmetatable({}, meta), choose
end
