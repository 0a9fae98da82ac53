-- Lua's matcher calls itself for every repetition in a pattern: too many of them would overflow the stack of the process.
local REPETITIONS_MAX = 1000

local error, type, gsub = error, type, string.gsub

for _, name in ipairs({ "find", "gmatch", "gsub", "match" }) do
    local original = string[name]
    string[name] = function(text, pattern, ...)
        if type(pattern) == "string" and #pattern > REPETITIONS_MAX then
            local _, repetitions = gsub(pattern, "[?*+-]", "")
            if repetitions > REPETITIONS_MAX then error("pattern too complex", 2) end
        end
        return original(text, pattern, ...)
    end
end
