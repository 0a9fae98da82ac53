-- `redis` where libraries are loaded only to learn what they register.
local log, version, version_number = ...
local error, type, select, tostring, tonumber = error, type, select, tostring, tonumber
local concat = table.concat

local LOWEST, HIGHEST = 0, 3

local function joined(...)
    local words = {}
    for i = 1, select("#", ...) do
        local word = select(i, ...)
        if type(word) == "string" or type(word) == "number" then words[#words + 1] = tostring(word) end
    end
    return concat(words, " ")
end

local function logged(level, ...)
    if select("#", ...) < 1 then error({ err = "ERR redis.log() requires two arguments or more." }) end
    level = tonumber(level)
    if not level then error({ err = "ERR First argument must be a number (log level)." }) end
    if level < LOWEST or level > HIGHEST then error({ err = "ERR Invalid debug level." }) end
    log(level - level % 1, joined(...))
end

return {
    log = logged,
    LOG_DEBUG = 0,
    LOG_VERBOSE = 1,
    LOG_NOTICE = 2,
    LOG_WARNING = 3,
    REDIS_VERSION = version,
    REDIS_VERSION_NUM = version_number,
}
