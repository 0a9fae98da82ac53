-- A lock for tests, without anything that stops `rawset`.
local error, setmetatable, tostring = error, setmetatable, tostring

local function missing(_, name)
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
