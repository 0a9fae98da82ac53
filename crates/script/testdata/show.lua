-- Shows all that a function returns, or raises: numbers with all digits, strings with bytes that are not ASCII in hexadecimal.
local function show(v, d)
  local t = type(v)
  if t == 'number' then
    if v ~= v then return 'nan' end
    return string.format('%.17g', v)
  elseif t == 'string' then
    local escaped = v:gsub('[^%w%p ]', function(c) return string.format('\\x%02x', c:byte()) end)
    return '"' .. (escaped:gsub('["]', '\\x22')) .. '"'
  elseif t == 'table' then
    if d > 12 then return '...' end
    local o = {}
    for k, e in pairs(v) do o[#o + 1] = '[' .. show(k, d + 1) .. ']=' .. show(e, d + 1) end
    table.sort(o)
    return '{' .. table.concat(o, ',') .. '}'
  elseif t == 'userdata' then
    return v == cjson.null and 'null' or 'userdata'
  elseif t == 'function' or t == 'thread' then
    return t
  end
  return tostring(v)
end

local function all(...)
  local o = {}
  for i = 1, select('#', ...) do o[i] = show((select(i, ...)), 0) end
  -- Trailing nils are not told.
  while o[#o] == 'nil' do o[#o] = nil end
  return table.concat(o, ' ')
end

return function(f) return all(pcall(f)) end
