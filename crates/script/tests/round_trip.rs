//! What the libraries of scripts write, they read.

mod interpreter;

use std::collections::BTreeMap;

use mlua::{Function, Lua, LuaOptions, StdLib, Table, Value};
use proptest::prelude::*;

/// A value as both JSON and MessagePack have it.
#[derive(Clone, PartialEq, Debug)]
enum Tree {
    Boolean(bool),
    Number(f64),
    Text(Vec<u8>),
    List(Vec<Tree>),
    Map(BTreeMap<Vec<u8>, Tree>),
}

impl Tree {
    fn to_lua(&self, lua: &Lua) -> Value {
        let text = |text: &[u8]| Value::String(lua.create_string(text).unwrap());
        match self {
            Tree::Boolean(b) => Value::Boolean(*b),
            Tree::Number(n) => Value::Number(*n),
            Tree::Text(bytes) => text(bytes),
            Tree::List(list) => {
                Value::Table(lua.create_sequence_from(list.iter().map(|item| item.to_lua(lua))).unwrap())
            }
            Tree::Map(map) => {
                let pairs = map.iter().map(|(key, value)| (text(key), value.to_lua(lua)));
                Value::Table(lua.create_table_from(pairs).unwrap())
            }
        }
    }

    fn from_lua(value: &Value) -> Tree {
        match value {
            Value::Boolean(b) => Tree::Boolean(*b),
            Value::Integer(n) => Tree::Number(*n as f64),
            Value::Number(n) => Tree::Number(*n),
            Value::String(text) => Tree::Text(text.as_bytes().to_vec()),
            Value::Table(table) if table.raw_len() > 0 => Tree::List(
                (1..=table.raw_len()).map(|index| Tree::from_lua(&table.raw_get(index).unwrap())).collect(),
            ),
            Value::Table(table) => Tree::Map(pairs(table)),
            other => panic!("{other:?}"),
        }
    }
}

fn pairs(table: &Table) -> BTreeMap<Vec<u8>, Tree> {
    let pairs = table.pairs::<mlua::String, Value>().map(Result::unwrap);
    pairs.map(|(key, value)| (key.as_bytes().to_vec(), Tree::from_lua(&value))).collect()
}

/// Numbers that fourteen digits tell exactly.
fn numbers() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-99_999_999i64..100_000_000).prop_map(|n| n as f64),
        (-8_000i32..8_000).prop_map(|n| f64::from(n) / 64.0)
    ]
}

fn trees() -> impl Strategy<Value = Tree> {
    let text = proptest::collection::vec(any::<u8>(), 0..40);
    let leaf = prop_oneof![
        any::<bool>().prop_map(Tree::Boolean),
        numbers().prop_map(Tree::Number),
        text.clone().prop_map(Tree::Text)
    ];
    leaf.prop_recursive(6, 60, 8, move |inner| {
        let list = proptest::collection::vec(inner.clone(), 1..8).prop_map(Tree::List);
        let map = proptest::collection::btree_map(text.clone(), inner, 0..8).prop_map(Tree::Map);
        prop_oneof![list, map]
    })
}

fn round_trip(program: &str, tree: &Tree) -> Tree {
    let lua = Lua::new_with(StdLib::ALL_SAFE, LuaOptions::new()).unwrap();
    interpreter::open(&lua);
    let function: Function = lua.load(program).eval().unwrap();
    Tree::from_lua(&function.call(tree.to_lua(&lua)).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn json(tree in trees()) {
        prop_assert_eq!(&round_trip("return function(v) return cjson.decode(cjson.encode(v)) end", &tree), &tree);
    }

    #[test]
    fn message_pack(tree in trees()) {
        let program = "return function(v) return (cmsgpack.unpack(cmsgpack.pack(v))) end";
        prop_assert_eq!(&round_trip(program, &tree), &tree);
    }

    #[test]
    fn message_pack_of_any_number(n: f64) {
        prop_assume!(!n.is_nan());
        let program = "return function(v) return (cmsgpack.unpack(cmsgpack.pack(v))) end";
        prop_assert_eq!(round_trip(program, &Tree::Number(n)), Tree::Number(n));
    }

    #[test]
    fn structs(n: i32, wide in -(1i64 << 53)..1 << 53, real: f32, text in proptest::collection::vec(1u8.., 0..20)) {
        let program = "return function(v)
            local out = {}
            for _, order in ipairs({'<', '>', '!4', '>!8'}) do
                local packed = struct.pack(order .. 'iblfdsHc0', v[1], #v[4], v[2], v[3], v[3], v[4], #v[4], v[4])
                local i, _, l, f, d, s, c = struct.unpack(order .. 'iblfdsHc0', packed)
                for _, x in ipairs({i, l, f, d, s, c}) do out[#out + 1] = x end
            end
            return out
        end";
        prop_assume!(!real.is_nan());
        let [n, wide, real] = [f64::from(n), wide as f64, f64::from(real)].map(Tree::Number);
        let text = Tree::Text(text);
        let once = vec![n.clone(), wide.clone(), real.clone(), real.clone(), text.clone(), text.clone()];
        let found = round_trip(program, &Tree::List(vec![n, wide, real, text]));
        prop_assert_eq!(found, Tree::List(vec![once; 4].concat()));
    }
}
