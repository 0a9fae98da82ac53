-- The functions of `redis` and `server`.

local native = ...
local error, select, tonumber, tostring, type, unpack = error, select, tonumber, tostring, type, unpack
local concat, find, gsub, sub = table.concat, string.find, string.gsub, string.sub
local call_few, take_error, call_now, add = native.call_few, native.take_error, native.call, native.add

-- What `call_few` gives if it did not run the command, or the command failed.
local ODD = native.ODD

-- Arguments that `add` takes.
local ARGUMENTS_MAX = 12

local function error_of(text)
    return { err = "ERR " .. text }
end

-- Hands over the arguments of a call that is made then.
local function add_all(count, ...)
    local arguments = { ... }
    for i = 1, count, ARGUMENTS_MAX do
        local last = i + ARGUMENTS_MAX - 1
        if last > count then last = count end
        add(i == 1, unpack(arguments, i, last))
    end
end

-- Commands of more arguments than `call_few` takes.
local function call_many(...)
    add_all(select("#", ...), ...)
    return call_now()
end

local function call(...)
    local value = call_few(...)
    if value == ODD then
        value = take_error()
        if value == nil then
            local failed
            value, failed = call_many(...)
            if not failed then return value end
        end
        error(value, 0)
    end
    return value
end

local function pcall(...)
    local value = call_few(...)
    if value == ODD then
        value = take_error()
        if value == nil then value = call_many(...) end
    end
    return value
end

local function acl_check_cmd(...)
    local count = select("#", ...)
    if count == 0 then error(error_of("Please specify at least one argument for this redis lib call")) end
    add_all(count, ...)
    local allowed, failed = native.may_run()
    if failed then error(allowed, 0) end
    return allowed
end

-- A reply table from the single text that a function was given.
local function reply(field, count, text)
    if count ~= 1 or type(text) ~= "string" then return error_of("wrong number or type of arguments") end
    return { [field] = text }
end

local function status_reply(...)
    return reply("ok", select("#", ...), ...)
end

local function error_reply(...)
    local made = reply("err", select("#", ...), ...)
    -- As much of it as C sees.
    local text = gsub(gsub(made.err, "^%-", ""), "%z.*", "")
    local space = find(text, " ", 1, true)
    local code, said = "ERR ", text
    if space then code, said = sub(text, 1, space), sub(text, space + 1) end
    made.err = code .. gsub(gsub(said, "^[\r\n]+", ""), "[\r\n]+$", "")
    return made
end

local function sha1hex(...)
    if select("#", ...) ~= 1 then error(error_of("wrong number of arguments")) end
    local text = ...
    if type(text) == "number" then text = tostring(text) end
    return native.sha1hex(type(text) == "string" and text or "")
end

local LOWEST, HIGHEST = 0, 3

local function log(level, ...)
    local count = select("#", ...)
    if count < 1 then error(error_of("redis.log() requires two arguments or more.")) end
    level = tonumber(level)
    if not level then error(error_of("First argument must be a number (log level).")) end
    level = native.integer(level)
    if level < LOWEST or level > HIGHEST then error(error_of("Invalid debug level.")) end
    local words, found = {}, 0
    local given = { ... }
    for i = 1, count do
        local word = given[i]
        if type(word) == "string" or type(word) == "number" then
            found = found + 1
            words[found] = tostring(word)
        end
    end
    native.log(level, concat(words, " "))
end

local function setresp(...)
    if select("#", ...) ~= 1 then error(error_of("redis.setresp() requires one argument.")) end
    local version = tonumber((...)) or 0
    if not (version >= 2 and version < 4) then error(error_of("RESP version must be 2 or 3.")) end
    native.setresp(version >= 3)
end

local REPL_NONE, REPL_AOF, REPL_REPLICA, REPL_ALL = 0, 1, 2, 3

local function set_repl(...)
    if select("#", ...) ~= 1 then error(error_of("redis.set_repl() requires two arguments.")) end
    local flags = native.integer(tonumber((...)) or 0)
    if flags < REPL_NONE or flags > REPL_ALL then
        error(error_of("Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE."))
    end
    native.set_replication(flags % 2 == 1, flags >= REPL_REPLICA)
end

return {
    call = call,
    pcall = pcall,
    acl_check_cmd = acl_check_cmd,
    status_reply = status_reply,
    error_reply = error_reply,
    sha1hex = sha1hex,
    log = log,
    setresp = setresp,
    set_repl = set_repl,
    replicate_commands = function() return true end,
    breakpoint = function() return false end,
    debug = function() end,
    LOG_DEBUG = 0,
    LOG_VERBOSE = 1,
    LOG_NOTICE = 2,
    LOG_WARNING = 3,
    REPL_NONE = REPL_NONE,
    REPL_AOF = REPL_AOF,
    REPL_SLAVE = REPL_REPLICA,
    REPL_REPLICA = REPL_REPLICA,
    REPL_ALL = REPL_ALL,
    REDIS_VERSION = native.redis_version,
    REDIS_VERSION_NUM = native.redis_version_number,
    SERVER_NAME = native.server_name,
    VALKEY_VERSION = native.redis_version,
    VALKEY_VERSION_NUM = native.redis_version_number,
}
