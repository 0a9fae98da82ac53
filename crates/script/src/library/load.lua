-- What the code of a library sees while it is loaded, and what its functions see when they run: one table of globals, whose
-- contents change. Values are taken before any foreign code runs. Fails with the errors of Redis 7.0.

local globals, redis, lock, attempt = ...
local error, ipairs, pairs, rawget, select, setmetatable, tostring, type =
    error, ipairs, pairs, rawget, select, setmetatable, tostring, type
local find, lower = string.find, string.lower

-- The functions registered so far; nil when nothing is being loaded.
local pending

local FLAGS = {
    ["no-writes"] = true, ["allow-oom"] = true, ["allow-stale"] = true, ["no-cluster"] = true,
    ["allow-cross-slot-keys"] = true,
}

local function is_text(value)
    return type(value) == "string" or type(value) == "number"
end

-- Names and values of the named arguments, or what is wrong with them.
local function named(arguments)
    local found = {}
    for key, value in pairs(arguments) do
        if not is_text(key) then
            return nil, "named argument key given to redis.register_function is not a string"
        end
        key = lower(key)
        if key == "function_name" or key == "description" then
            if not is_text(value) then
                return nil, key .. " argument given to redis.register_function must be a string"
            end
            found[key] = tostring(value)
        elseif key == "callback" then
            if type(value) ~= "function" then
                return nil, "callback argument given to redis.register_function must be a function"
            end
            found[key] = value
        elseif key == "flags" then
            if type(value) ~= "table" then
                return nil, "flags argument to redis.register_function must be a table representing function flags"
            end
            found[key] = {}
            for i, flag in ipairs(value) do
                flag = type(flag) == "string" and lower(flag)
                if not FLAGS[flag] then return nil, "unknown flag given" end
                found[key][i] = flag
            end
        else
            return nil, "unknown argument given to redis.register_function"
        end
    end
    if not found.function_name then return nil, "redis.register_function must get a function name argument" end
    if not found.callback then return nil, "redis.register_function must get a callback argument" end
    return found
end

-- The same of those that stand in order.
local function ordered(count, name, callback)
    if count < 1 or count > 2 then return nil, "wrong number of arguments to redis.register_function" end
    if count == 1 then
        if type(name) == "table" then return named(name) end
        return nil, "calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments)."
    end
    if not is_text(name) then return nil, "first argument to redis.register_function must be a string" end
    if type(callback) ~= "function" then return nil, "second argument to redis.register_function must be a function" end
    return { function_name = tostring(name), callback = callback }
end

local BAD_NAME = "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long"

-- Whether a function may be added, or why not.
local function added(found)
    if not find(found.function_name, "^[%w_]+$") then return BAD_NAME end
    local name = lower(found.function_name)
    if pending.names[name] then return "Function already exists in the library" end
    pending.names[name] = true
    pending[#pending + 1] = found
end

local function register_function(...)
    if not pending then
        error({ err = "ERR redis.register_function can only be called on FUNCTION LOAD command" })
    end
    local found, why = ordered(select("#", ...), ...)
    why = why or added(found)
    if why then error({ err = "ERR " .. why }) end
end

-- What is there while code is loaded: `redis`, with little in it.
local api = { register_function = register_function }
for _, name in ipairs({
    "log", "LOG_DEBUG", "LOG_VERBOSE", "LOG_NOTICE", "LOG_WARNING", "REDIS_VERSION", "REDIS_VERSION_NUM",
}) do
    api[name] = redis[name]
end

-- The globals of all libraries: at first those of running functions.
local running = {}
for name, value in pairs(globals) do running[name] = value end
local environment, choose = lock(running)
running._G = environment
local loading = { redis = (lock(api)) }

-- Runs the code of a library. True and what it registered, or false and what was thrown.
local function run(chunk)
    pending = { names = {} }
    choose(loading)
    local well, thrown = attempt(chunk)
    choose(running)
    local registered = pending
    pending = nil
    if well then return true, registered end
    if type(thrown) == "table" then return false, rawget(thrown, "err") end
    if type(thrown) == "string" then return false, "ERR " .. thrown end
    return false, thrown
end

return environment, running, run
