-- What scripts see: the globals of Redis, in tables that cannot be changed, over functions taken before any script runs.
-- Frames of this chunk are skipped where errors are located, and `error` levels count past them.

local native, api, libraries, G = ...

local error, getmetatable, ipairs, next, rawget, rawset, select, setmetatable, tonumber, tostring, type =
    error, getmetatable, ipairs, next, rawget, rawset, select, setmetatable, tonumber, tostring, type
local c_pcall, c_xpcall, c_load, c_loadstring, c_collectgarbage = pcall, xpcall, load, loadstring, collectgarbage
local byte, find, gsub, floor = string.byte, string.find, string.gsub, math.floor
local rep, sub, unpack = string.rep, string.sub, unpack
local insert = table.insert
local c_create, c_resume = coroutine.create, coroutine.resume
local plain, tick, locate, is_stopped = native.plain, native.tick, native.locate, native.is_stopped
local called_as = native.called_as

local READONLY = "Attempt to modify a readonly table"

-- Tables that scripts see, to those that they show.
local shown = setmetatable({}, { __mode = "k" })

local function readonly()
    error(READONLY, 2)
end

local function missing(_, name)
    if type(name) ~= "string" and type(name) ~= "number" then
        error("Second argument to luaProtectedTableError must be a string or number", 2)
    end
    error("Script attempted to access nonexistent global variable '" .. name .. "'", 2)
end

-- A table that shows `content` and cannot be changed. What `content` lacks is nil.
local function protect(content, metatable)
    local meta = { __index = content, __newindex = readonly, __metatable = metatable or false }
    local proxy = setmetatable({}, meta)
    shown[proxy] = content
    return proxy, meta
end

-- The same, where reading what `content` lacks is an error. Second result: a function that makes it show another table.
local function lock(content)
    local proxy, meta = protect(content, protect({ __index = missing }))
    local function choose(other)
        if not getmetatable(other) then setmetatable(other, { __index = missing }) end
        meta.__index = other
        shown[proxy] = other
    end
    choose(content)
    return proxy, choose
end

-- What is wrong with an argument of the function two levels up, in the words of C functions. The name is the caller's own.
local function complaint(index, text)
    local name, is_method = called_as()
    if is_method then index = index - 1 end
    if index == 0 then return "calling '" .. name .. "' on bad self (" .. text .. ")" end
    return "bad argument #" .. index .. " to '" .. name .. "' (" .. text .. ")"
end

-- Fails as C functions fail that are called with a wrong argument. Called by them directly, never as a tail call.
local function mistaken(index, text)
    error(complaint(index, text), 3)
end

local function got(count, index, value)
    return count < index and "no value" or type(value)
end

-- An error as a script may see it: those of Rust are not values of Lua yet.
local function seen(thrown)
    if type(thrown) == "userdata" then return plain(thrown) end
    return thrown
end

local common = {
    _VERSION = _VERSION,
    assert = assert,
    error = error,
    gcinfo = gcinfo,
    getmetatable = getmetatable,
    ipairs = ipairs,
    next = next,
    rawequal = rawequal,
    select = select,
    type = type,
}

-- Protected calls -----------------------------------------------------------------------------------------------------------

-- As in Redis, an error table that comes out of a protected call is its text.
local function caught(well, thrown, ...)
    if well then return true, thrown, ... end
    thrown = seen(thrown)
    if type(thrown) == "table" then
        local text = rawget(thrown, "err")
        if type(text) == "string" or type(text) == "number" then thrown = text end
    end
    return false, thrown
end

function common.pcall(...)
    if select("#", ...) == 0 then return false, "attempt to call a boolean value" end
    return caught(c_pcall(...))
end

function common.xpcall(...)
    if select("#", ...) < 2 then mistaken(2, "value expected") end
    local called, handler = ...
    return c_xpcall(called, function(thrown)
        -- Where the host's stop is handled, instructions are not counted.
        if is_stopped() then return thrown end
        return handler(seen(thrown))
    end)
end

-- What becomes of an error that nobody caught: a table with its text and its place.
local function handler(thrown)
    local source, line = locate()
    thrown = seen(thrown)
    if type(thrown) ~= "table" then thrown = { err = "ERR " .. tostring(thrown) } end
    if source and not shown[thrown] then
        rawset(thrown, "source", source)
        rawset(thrown, "line", line)
    end
    return thrown
end

-- What scripts of EVAL see: all of `common`, `KEYS`, `ARGV` and `_G`. One table, so that a name is found at once.
local globals = {}

local function run(chunk, keys, arguments)
    globals.KEYS, globals.ARGV = keys, arguments
    return c_xpcall(chunk, handler)
end

local function attempt(chunk)
    return c_xpcall(chunk, handler)
end

-- Functions of libraries, by number.
local functions = {}

-- The function to be called, and its arguments: a protected call takes none.
local called, first, second

local function call_it()
    local called_now, first_now, second_now = called, first, second
    called, first, second = nil, nil, nil
    return called_now(first_now, second_now)
end

local function apply(number, keys, arguments)
    called, first, second = functions[number], keys, arguments
    return c_xpcall(call_it, handler)
end

-- Tables --------------------------------------------------------------------------------------------------------------------

local function copied(content, copy)
    copy = copy or {}
    for key, value in next, content do copy[key] = value end
    return copy
end

function common.pairs(...)
    local list = ...
    if type(list) ~= "table" then
        mistaken(1, "table expected, got " .. got(select("#", ...), 1, list))
    end
    -- What a table that cannot be changed shows, in a table that nobody else has.
    if shown[list] then return next, copied(shown[list]), nil end
    return next, list, nil
end

function common.rawget(...)
    local count, list, key = select("#", ...), ...
    if type(list) ~= "table" then mistaken(1, "table expected, got " .. got(count, 1, list)) end
    if count < 2 then mistaken(2, "value expected") end
    return (rawget(shown[list] or list, key))
end

function common.rawset(...)
    local count, list, key, value = select("#", ...), ...
    if type(list) ~= "table" then mistaken(1, "table expected, got " .. got(count, 1, list)) end
    if count < 2 then mistaken(2, "value expected") end
    if count < 3 then mistaken(3, "value expected") end
    if shown[list] then error(READONLY, 0) end
    return (rawset(list, key, value))
end

function common.setmetatable(...)
    local count, list, meta = select("#", ...), ...
    if type(list) ~= "table" then mistaken(1, "table expected, got " .. got(count, 1, list)) end
    if count < 2 or (meta ~= nil and type(meta) ~= "table") then
        mistaken(2, "nil or table expected")
    end
    if shown[list] then error(READONLY, 0) end
    local well, thrown = c_pcall(setmetatable, list, meta)
    if not well then error(thrown, 2) end
    return list
end

local function position(index, value)
    local number = tonumber(value)
    if number then return native.integer(number) end
    error(complaint(index, "number expected, got " .. type(value)), 3)
end

-- Values that a function can return.
local RESULTS_MAX = 8000

-- Lua's own counts in 32 bits, past their end.
function common.unpack(...)
    local list, first, last = ...
    if type(list) ~= "table" then
        mistaken(1, "table expected, got " .. got(select("#", ...), 1, list))
    end
    if first ~= nil or last ~= nil then
        first = first == nil and 1 or position(2, first)
        last = last == nil and #list or position(3, last)
        if last - first >= RESULTS_MAX then error("too many results to unpack", 2) end
    elseif #list >= RESULTS_MAX then
        error("too many results to unpack", 2)
    end
    return unpack(...)
end

local tables = copied(table)

-- Shifts between places far below the first element would take minutes.
local SHIFTS_MAX = 1000000

function tables.insert(...)
    local list, at = ...
    if shown[list] then error(READONLY, 0) end
    if type(list) ~= "table" then
        mistaken(1, "table expected, got " .. got(select("#", ...), 1, list))
    end
    local count = select("#", ...)
    if count == 3 then
        if position(2, at) < -SHIFTS_MAX then error("position out of bounds", 2) end
    elseif count ~= 2 then
        error("wrong number of arguments to 'insert'", 2)
    end
    return insert(...)
end

-- Keys and values of a table one after the other, or its keys alone.
local function flatten(list, with_values)
    local flat, count = {}, 0
    for key, value in next, list do
        count = count + 1
        flat[count] = key
        if with_values then
            count = count + 1
            flat[count] = value
        end
    end
    return flat
end

-- Code ----------------------------------------------------------------------------------------------------------------------

local ESCAPE = 27

-- Compiled code could do anything. Behind a space it is text, and fails to compile as such.
local function textual(code)
    if byte(code, 1) == ESCAPE then return " \27" end
    return code
end

-- The compiler does not hold on to a chunk's name: it must be one that an argument holds, and such ends at a NUL.
local function cut(name)
    name = tostring(name)
    local at = find(name, "\0", 1, true)
    return at and sub(name, 1, at - 1) or name
end

function common.loadstring(...)
    local count, code, name = select("#", ...), ...
    if type(code) == "number" then code = tostring(code) end
    if type(code) ~= "string" then mistaken(1, "string expected, got " .. got(count, 1, code)) end
    if name ~= nil and type(name) ~= "string" and type(name) ~= "number" then
        mistaken(2, "string expected, got " .. type(name))
    end
    return c_loadstring(textual(code), cut(name or code))
end

function common.load(...)
    local count, reader, name = select("#", ...), ...
    if type(reader) ~= "function" then mistaken(1, "function expected, got " .. got(count, 1, reader)) end
    if name ~= nil and type(name) ~= "string" and type(name) ~= "number" then
        mistaken(2, "string expected, got " .. type(name))
    end
    local is_first = true
    return c_load(function()
        local piece = reader()
        if is_first and type(piece) == "string" then
            is_first = false
            return textual(piece)
        end
        return piece
    end, cut(name or "=(load)"))
end

local COLLECTOR = { stop = 0, restart = 0, setpause = 200, setstepmul = 200 }

-- The collector is the server's: scripts cannot stop it.
function common.collectgarbage(option, argument)
    if option == nil then option = "collect" end
    if type(option) ~= "string" then mistaken(1, "string expected, got " .. type(option)) end
    if COLLECTOR[option] then return COLLECTOR[option] end
    if option ~= "collect" and option ~= "count" and option ~= "step" then
        mistaken(1, "invalid option '" .. option .. "'")
    end
    if option == "collect" then tick() end
    return (c_collectgarbage(option, tonumber(argument) or 0))
end

-- Coroutines ----------------------------------------------------------------------------------------------------------------

-- Each coroutine counts instructions from zero, so that many short ones would never let the server look.
local RESUMES_PER_TICK = 16
local resumes = 0

local function count_resume()
    resumes = resumes + 1
    if resumes >= RESUMES_PER_TICK then
        resumes = 0
        tick()
    end
end

local function resumed(well, thrown, ...)
    if well then return true, thrown, ... end
    return false, seen(thrown)
end

local function unwrapped(well, thrown, ...)
    if well then return thrown, ... end
    thrown = seen(thrown)
    if type(thrown) == "number" then thrown = tostring(thrown) end
    error(thrown, 3)
end

local threads = copied(coroutine)

function threads.resume(...)
    local thread = ...
    if type(thread) ~= "thread" then mistaken(1, "coroutine expected") end
    count_resume()
    return resumed(c_resume(...))
end

function threads.wrap(body)
    local well, thread = c_pcall(c_create, body)
    if not well then
        if find(thread, "expected", 1, true) then mistaken(1, "Lua function expected") end
        error(thread, 2)
    end
    return function(...)
        count_resume()
        return unwrapped(c_resume(thread, ...))
    end
end

-- Patterns ------------------------------------------------------------------------------------------------------------------

-- Lua's matcher calls itself for every repetition in a pattern: too many of them would overflow the stack.
local REPETITIONS_MAX = 1000

local function is_complex(pattern)
    if #pattern <= REPETITIONS_MAX then return false end
    local _, repetitions = gsub(pattern, "[?*+-]", "")
    return repetitions > REPETITIONS_MAX
end

local REPLACEMENTS = { string = true, number = true, ["function"] = true, table = true }

local function is_text(value)
    return type(value) == "string" or type(value) == "number"
end

local text = copied(string)

-- Lua's own copies one repetition at a time.
local BLOCK = 256

function text.rep(...)
    local piece, times = ...
    if type(piece) == "string" and type(times) == "number" and times > BLOCK and #piece < BLOCK then
        if piece == "" then return "" end
        times = native.integer(times)
        if times > BLOCK then
            return rep(rep(piece, BLOCK), floor(times / BLOCK)) .. rep(piece, times % BLOCK)
        end
    end
    return rep(...)
end

for _, name in ipairs({ "find", "gfind", "gmatch", "gsub", "match" }) do
    local original = string[name]
    text[name] = function(...)
        local subject, pattern, third, fourth = ...
        if type(pattern) ~= "string" or type(subject) ~= "string" then
            local count = select("#", ...)
            if not is_text(subject) then
                mistaken(1, "string expected, got " .. got(count, 1, subject))
            end
            if not is_text(pattern) then
                mistaken(2, "string expected, got " .. got(count, 2, pattern))
            end
            pattern = tostring(pattern)
        end
        if name == "gsub" then
            if not REPLACEMENTS[type(third)] then mistaken(3, "string/function/table expected") end
            third = fourth
        end
        if third ~= nil and not tonumber(third) and (name ~= "gmatch" and name ~= "gfind") then
            mistaken(name == "gsub" and 4 or 3, "number expected, got " .. type(third))
        end
        if #pattern > REPETITIONS_MAX and is_complex(pattern) then error("pattern too complex", 2) end
        return original(...)
    end
end

-- Numbers -------------------------------------------------------------------------------------------------------------------

local function integer(index, value)
    local number = tonumber(value)
    if (type(value) ~= "number" and type(value) ~= "string") or not number then
        error(complaint(index, "number expected, got " .. type(value)), 3)
    end
    return native.integer(number)
end

-- Numbers that most scripts deal with, and their texts: C's own ways between them take many times longer. No text of 0, which may be
-- below zero.
local SMALL_MAX = 1023
local numbers, texts = {}, {}
for number = 0, SMALL_MAX do
    numbers[tostring(number)] = number
    if number > 0 then texts[number] = tostring(number) end
end

local DECIMAL, BASE_MIN, BASE_MAX = 10, 2, 36

function common.tonumber(...)
    local value, base = ...
    if base == nil then
        local number = numbers[value]
        if number then return number end
        if value == nil and select("#", ...) == 0 then mistaken(1, "value expected") end
        return (tonumber(value))
    end
    base = integer(2, base)
    if base ~= DECIMAL then
        if not is_text(value) then mistaken(1, "string expected, got " .. type(value)) end
        if base < BASE_MIN or base > BASE_MAX then mistaken(2, "base out of range") end
    end
    return (tonumber(value, base))
end

function common.tostring(...)
    local value = ...
    local text = texts[value]
    if text then return text end
    if value == nil and select("#", ...) == 0 then mistaken(1, "value expected") end
    return (tostring(value))
end

local math = copied(math)

function math.random(...)
    local count, low, high = select("#", ...), ...
    local draw = native.draw()
    if count == 0 then return draw end
    if count == 1 then
        high = integer(1, low)
        if high < 1 then mistaken(1, "interval is empty") end
        return floor(draw * high) + 1
    end
    if count > 2 then error("wrong number of arguments", 2) end
    low, high = integer(1, low), integer(2, high)
    if low > high then mistaken(2, "interval is empty") end
    return floor(draw * (high - low + 1)) + low
end

function math.randomseed(...)
    if select("#", ...) == 0 then mistaken(1, "number expected, got no value") end
    native.seed(integer(1, (...)))
end

-- All of it -----------------------------------------------------------------------------------------------------------------


common.string = protect(text)
common.table = protect(tables)
common.math = protect(math)
common.coroutine = protect(threads)
common.os = protect({ clock = native.clock })
common.redis = protect(api)
common.server = common.redis
for name, library in next, libraries do common[name] = protect(library) end
setmetatable(common, { __index = missing })

-- Methods of strings go straight to the functions.
local of_strings = getmetatable("")
of_strings.__index = text
of_strings.__metatable = protect({ __index = common.string })

globals._G = G
copied(common, globals)
setmetatable(globals, { __index = missing })
for name in next, copied(G) do G[name] = nil end
setmetatable(G, { __index = globals, __newindex = readonly, __metatable = protect({ __index = missing }) })
shown[G] = globals

return {
    common = common, globals = globals, redis = api, functions = functions, lock = lock, flatten = flatten,
    run = run, attempt = attempt, apply = apply,
}
