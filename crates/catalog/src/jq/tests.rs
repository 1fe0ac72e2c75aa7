use super::*;
use proptest::prelude::*;
use serde_json::json;
use std::time::Instant;

fn check(program: &str, input: Json, expected: Json) {
    let outcome = compile(program).and_then(|program| run(&program, input, Limits::default()));
    assert_eq!(outcome, Ok(expected), "{program}");
}

#[test]
fn programs_compute() {
    let weather = json!({"main": {"temp": 15.29}, "weather": [{"id": 804}], "name": "London"});
    check("{temp: .main.temp, id: .weather[0].id}", weather, json!({"temp": 15.29, "id": 804}));
    check("map(.a) | add", json!([{"a": 1}, {"a": 2}]), json!(3));
    check("[.[] | select(. > 1)] | length", json!([1, 2, 3]), json!(2));
    check(".a.b.c", json!({}), json!(null));
    check(".a.b[1] = 5", json!(null), json!({"a": {"b": [null, 5]}}));
    check("del(.a, .b[0])", json!({"a": 1, "b": [1, 2]}), json!({"b": [2]}));
    check("to_entries | map(.key) | sort", json!({"b": 1, "a": 2}), json!(["a", "b"]));
    check("with_entries(.value += 1)", json!({"a": 1}), json!({"a": 2}));
    check(
        "group_by(.k) | map({k: .[0].k, n: length})",
        json!([{"k": 2}, {"k": 1}, {"k": 2}]),
        json!([{"k": 1, "n": 1}, {"k": 2, "n": 2}]),
    );
    check(
        "unique_by(.a) | sort_by(-.a) | map(.a)",
        json!([{"a": 1}, {"a": 2}, {"a": 1}]),
        json!([2, 1]),
    );
    check("reduce .[] as $x (0; . + $x)", json!([1, 2, 3]), json!(6));
    check("[foreach .[] as $x (0; . + $x)]", json!([1, 2, 3]), json!([1, 3, 6]));
    check("[limit(3; repeat(1))]", json!(null), json!([1, 1, 1]));
    check(
        "[range(5)] | [.[1:3], .[-1:], .[:2], first, last]",
        json!(null),
        json!([[1, 2], [4], [0, 1], 0, 4]),
    );
    check(
        "[.[] | tostring]",
        json!([1, "1", [1, {"a": "\u{0}é\""}], 1.5, null]),
        json!(["1", "1", "[1,{\"a\":\"\\u0000é\\\"\"}]", "1.5", "null"]),
    );
    check("\"\\(.a)-\\(.b)\"", json!({"a": 1, "b": "x"}), json!("1-x"));
    check("split(\", \") | join(\"-\")", json!("a, b"), json!("a-b"));
    check("gsub(\"(?<x>[0-9]+)\"; \"<\\(.x)>\")", json!("a1b22"), json!("a<1>b<22>"));
    check(
        "[test(\"^a\"), (capture(\"(?<y>\\\\d{4})\") | .y)]",
        json!("a2026"),
        json!([true, "2026"]),
    );
    check(
        "walk(if type == \"number\" then . + 1 else . end)",
        json!([1, {"a": 2}]),
        json!([2, {"a": 3}]),
    );
    check("[paths]", json!({"a": [1]}), json!([["a"], ["a", 0]]));
    check("[.. | numbers]", json!([1, [2]]), json!([1, 2]));
    check(
        "{a: 1} * {a: {b: 2}, c: 3} | . + {d: 4}",
        json!(null),
        json!({"a": {"b": 2}, "c": 3, "d": 4}),
    );
    check(
        "[10 / 2, 7 / 2, 7 % 3, -(3), 2 * 3.5, 1 / 3 * 3]",
        json!(null),
        json!([5, 3.5, 1, -3, 7, 1]),
    );
    check(".", json!(18_446_744_073_709_551_615_u64), json!(18_446_744_073_709_551_615_u64));
    check("[infinite, -infinite, nan]", json!(null), json!([f64::MAX, f64::MIN, null]));
    check(".[0] as [$a, {b: $c}] | [$a, $c]", json!([[1, {"b": 2}]]), json!([1, 2]));
    check("try error(\"x\") catch .", json!(null), json!("x"));
    check("[.[] | (.a)? // \"none\"]", json!([{"a": 1}, 5, {}]), json!([1, "none", "none"]));
    check("@base64 \"\\(.)\" | [., @base64d]", json!("hé"), json!(["aMOp", "hé"]));
    check(
        "[@uri, @html, @json, @sh]",
        json!("<a b>"),
        json!(["%3Ca%20b%3E", "&lt;a b&gt;", "\"<a b>\"", "'<a b>'"]),
    );
    check("@csv", json!([1, "a\"b", null, true]), json!("1,\"a\"\"b\",,true"));
    check("@tsv", json!(["a\tb", "c\\d"]), json!("a\\tb\tc\\\\d"));
    check("fromjson | tojson", json!("{\"a\": [1.0, 2]}"), json!("{\"a\":[1,2]}"));
    check(
        "[has(\"a\"), (.a | contains([\"b\"])), (.a | index(\"c\"))]",
        json!({"a": ["bb", "c"]}),
        json!([true, true, 1]),
    );
    check(
        "fromdateiso8601 | [., todate]",
        json!("2026-01-31T12:00:00Z"),
        json!([1_769_860_800, "2026-01-31T12:00:00Z"]),
    );
    check("strptime(\"%Y-%m-%d\") | mktime", json!("2026-01-31"), json!(1_769_817_600));
    check("[.[] | tonumber]", json!(["1", "2.5", 3]), json!([1, 2.5, 3]));
    check("INDEX(.id) | map_values(.v)", json!([{"id": 1, "v": "a"}]), json!({"1": "a"}));
    check("[IN(.[]; 2, 3), (.[0] | IN(1, 5))]", json!([1, 2]), json!([true, true]));
    check(
        "[min, max, add, any, all, (sort | reverse)]",
        json!([2, 3, 1]),
        json!([1, 3, 6, true, true, [3, 2, 1]]),
    );
    check("[splits(\"[,;]\")]", json!("a,b;c"), json!(["a", "b", "c"]));
    check(
        "[ascii_downcase, ltrimstr(\"A\"), explode[0], utf8bytelength]",
        json!("Aé"),
        json!(["aé", "é", 65, 3]),
    );
    check("$config", json!(null), json!({}));
    check("def f(x): x * 2; f(.) | def g: . + 1; g", json!(4), json!(9));
    check(
        "def fac: if . <= 1 then 1 else . * (. - 1 | fac) end; fac",
        json!(20),
        json!(2_432_902_008_176_640_000_i64),
    );
    check("[.[] | getpath([\"a\", \"b\"])]", json!([{"a": {"b": 1}}, {}]), json!([1, null]));
}

#[test]
fn the_number_of_outputs_is_one() {
    let outcome = |code: &str| run(&compile(code).unwrap(), json!([1, 2]), Limits::default());
    assert_eq!(outcome("empty"), Err(JqError::Nothing));
    assert_eq!(outcome(".[]"), Err(JqError::Several));
    assert_eq!(outcome("1, error(\"late\")"), Err(JqError::Failed("late".into())));
    assert_eq!(outcome("error({a: 1})"), Err(JqError::Failed("{\"a\":1}".into())));
    assert!(matches!(outcome(".a"), Err(JqError::Failed(_))));
    assert!(matches!(outcome("label $x | break $x"), Err(JqError::Nothing)));
}

#[test]
fn what_does_not_compile_says_where() {
    let message = |code: &str| match compile(code) {
        Err(JqError::Syntax(message)) => message,
        other => panic!("{code}: {other:?}"),
    };
    assert!(message(".a | | .b").contains("character 6"), "{}", message(".a | | .b"));
    assert!(message("nope(1)").contains("`nope`"));
    assert!(message("$x").contains("$x"));
    assert!(message("").contains("at the end"));
    assert!(message("\"abc").contains("closing quote"), "{}", message("\"abc"));
    message(&".".repeat(MAX_PROGRAM + 1));
    message("import \"a\" as a; .");
    message("include \"/etc/passwd\"; .");
    for outside in [
        "env",
        "$ENV",
        "now",
        "input",
        "inputs",
        "debug",
        "stderr",
        "halt",
        "halt_error",
        "input_filename",
        "localtime",
        "$__prog_args",
        "get_search_list",
        "input_line_number",
    ] {
        assert!(message(outside).contains(outside), "{outside}: {}", message(outside));
    }
}

/// What must be stopped, by whichever limit meets it first.
#[test]
fn whatever_a_program_does_it_stops() {
    let limits = Limits { time: Duration::from_millis(250), memory: 64 << 20, ..Limits::default() };
    let began = Instant::now();
    let mut programs = 0;
    for code in [
        "def f: f; f",
        "def f: f, f; f",
        "def f: 1 + f; f",
        "def f: [f]; f",
        "def f: try f catch f; f",
        "def f: try error(1) catch f; f",
        "def f(g): f(g | .); f(.)",
        "def f(g): [f(g | g)]; f(.)",
        "def f(g): f(f(g)); f(.)",
        "def f($n): f($n + 1); f(0)",
        "def f: . as $x | f; f",
        "def f: def g: f; g; f",
        "def f: label $x | f; f",
        "last(def f: 1, f; f)",
        "[range(1e9)]",
        "last(range(1e12))",
        "first(range(1e12) | select(. < 0))",
        "last(range(0; 1; 0))",
        "reduce range(1e12) as $x (0; . + 1)",
        "last(foreach range(1e12) as $x (0; . + 1))",
        "[repeat(1)]",
        "last(repeat(.))",
        "last(repeat(null)) // 1",
        "until(false; .)",
        "last(while(true; .))",
        "last(recurse(.))",
        "last(limit(1e12; repeat(1)))",
        "last(skip(1e12; repeat(1)))",
        "[limit(1e9; repeat(\"x\"))]",
        "first(empty | repeat(1)), last(repeat(empty))",
        "\"x\" * 1e9 | length",
        "\"x\" * 1e18",
        "reduce range(64) as $i (\"xx\"; . + .)",
        "reduce range(64) as $i ([1]; . + .)",
        "reduce range(64) as $i (\"x\"; [., .]) | tojson | length",
        "reduce range(64) as $i (\"x\"; [., .])",
        "reduce range(64) as $i (\"x\"; [., .]) | . == (.[0] | [., .])",
        "reduce range(64) as $i (\"x\"; [., .]) | flatten",
        "reduce range(64) as $i (\"x\"; [., .]) | [..] | length",
        "reduce range(64) as $i (\"x\"; {a: ., b: .}) | tostring",
        "reduce range(64) as $i (\"x\"; {a: ., b: .}) | contains(.)",
        "reduce range(64) as $i (\"x\"; [., .]) | [., .] | sort | unique | length",
        "reduce range(1e6) as $i (0; [.])",
        "reduce range(1e6) as $i (0; {a: .})",
        "reduce range(1e6) as $i (null; .[0] |= [.])",
        "last(path(repeat(.a?)))",
        "last(path(def f: .a | f; f))",
        "null | last(path(recurse(.a; true)))",
        "[1] | last(path(def f: .[0:] | f; f))",
        ".[1e9] = 1",
        "[range(1e5)] | . - (map(. + 0.5))",
        "[range(1e5)] | [.[] as $x | .[] | . + $x] | length",
        "[range(3e4)] | contains(map(29999))",
        "[range(12)] | [combinations(12)] | length",
        "[range(1e5)] | map(tostring) | add | [scan(\".\")] | map(test(\"(a|b|c)*d\")) | length | last(repeat(.))",
        "\"a\" * 1e6 | test(\"(a?){500}a{500}\")",
        "\"a\" * 1e6 | [match(\"((a{0,50}){0,50}){0,50}b\"; \"g\")]",
        "\"a\" | test(\"((a{1000}){1000}){1000}\")",
        "[range(1e6) | \"\\(.)\"] | join(\",\") | last(repeat(.))",
        "[splits(\"a\"; repeat(\"g\"))]",
        "def f: reduce (1, f) as $x (0; .); f",
        ". as [$a] ?// $a | last(repeat(1))",
        "[limit(1e7; range(1e9))] | sort",
        "[recurse(if . < 1e9 then . + 1 else empty end)]",
        "0 | [while(. < 1e9; . + 1)]",
        "getpath([range(1e9)])",
        "[1 | ascii_downcase? // repeat(2)]",
        "reduce repeat(1) as $x (0; .) | 1",
        "isempty(last(repeat(1)))",
        "any(repeat(false); .)",
        "all(repeat(true); .)",
        "input_line_number? // last(repeat(1))",
        "tojson | last(range(1e15))",
        "implode? // last(range(1e15))",
        "[range(1e6)] | implode? // last(range(1e15))",
        "reduce range(1e6) as $i ([]; setpath([$i]; $i)) | last(repeat(1))",
        "reduce range(1e6) as $i ({}; .[$i | tostring] = $i) | last(repeat(1))",
    ] {
        let Ok(program) = compile(code) else { continue };
        programs += 1;
        let outcome = run(&program, Json::Null, limits);
        assert!(
            matches!(
                outcome,
                Err(JqError::Time
                    | JqError::Memory
                    | JqError::Depth
                    | JqError::Failed(_)
                    | JqError::Output)
            ),
            "{code}: {outcome:?}"
        );
    }
    assert!(programs > 70, "{programs}");
    // Each has a quarter of a second; the rest is for a busy machine.
    assert!(began.elapsed() < Duration::from_secs(2 * programs), "{:?}", began.elapsed());
}

#[test]
fn hostile_programs_are_refused_by_the_parser_not_by_the_stack() {
    for part in [
        "(",
        "[",
        "{a:",
        "-",
        "try ",
        "if ",
        "def f: ",
        "reduce ",
        ". as $x | ",
        "1|",
        "1,",
        "1+",
        "1//",
        "\"\\(",
        ".[",
        ".a",
        "..",
        "?",
        "label $x | ",
        "@base64 \"\\(",
        ".a=",
        "f(",
        "|=",
    ] {
        let code = part.repeat(MAX_PROGRAM / part.len());
        let _ = compile(&code);
        let _ = compile(&format!("{code}1"));
        let closed = code.replace(['(', '[', '{', '"'], "(") + "1" + &")".repeat(MAX_PROGRAM / 4);
        let _ = compile(&closed);
    }
    let half = MAX_PROGRAM / 2 - 1;
    let nested = "(".repeat(half) + "1" + &")".repeat(half);
    assert_eq!(run(&compile(&nested).unwrap(), json!(0), Limits::default()), Ok(json!(1)));
    let nested = "[".repeat(half) + "1" + &"]".repeat(half);
    assert_eq!(run(&compile(&nested).unwrap(), json!(0), Limits::default()), Err(JqError::Depth));
}

#[test]
fn results_have_a_size() {
    let small = Limits { output: 1000, ..Limits::default() };
    let outcome = |code: &str| run(&compile(code).unwrap(), json!(null), small);
    assert_eq!(outcome("\"x\" * 2000"), Err(JqError::Output));
    assert_eq!(outcome("[range(2000)]"), Err(JqError::Output));
    assert_eq!(outcome("[range(5)]"), Ok(json!([0, 1, 2, 3, 4])));
}

/// A plain transform of a large answer stays far within the limits.
#[test]
fn ordinary_programs_have_room() {
    let items: Vec<Json> = (0..20_000)
        .map(|at| json!({"id": at, "name": format!("item {at}"), "tags": ["a", "b"], "price": {"eur": at}}))
        .collect();
    let code = "{items: [.items[] | select(.price.eur % 2 == 0) | {id, title: .name, tag: (.tags | first)}]}";
    let limits = Limits { time: Duration::from_secs(60), ..Limits::default() };
    let outcome = run(&compile(code).unwrap(), json!({"items": items}), limits).unwrap();
    assert_eq!(outcome["items"].as_array().unwrap().len(), 10_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_text_breaks_it(code in "[\\.\\[\\]{}()|,:;\"a-c0-2$@ +*/=<>?-]{0,24}") {
        let limits = Limits { time: Duration::from_millis(200), steps: 100_000, ..Limits::default() };
        if let Ok(program) = compile(&code) {
            let outcome = run(&program, json!({"a": [1, {"b": "c"}], "b": null}), limits);
            prop_assert!(!matches!(outcome, Err(JqError::Broken(_))), "{code}: {outcome:?}");
        }
    }
}

/// What a program chains up without the interpreter's stack is dropped on it: the worst that the steps
/// allow must fit.
#[test]
fn long_chains_are_dropped_within_the_stack() {
    let limits = Limits {
        time: Duration::from_secs(60),
        steps: MAX_STEPS,
        memory: 1 << 30,
        ..Limits::default()
    };
    for code in [
        "def f(g): f(g | .); f(.)",
        "def f(g; $x): f(g; $x); f(.; 1)",
        "last(path(def f: .a | f; f))",
        "def f: f, f; f",
    ] {
        let outcome = run(&compile(code).unwrap(), Json::Null, limits);
        assert_eq!(outcome, Err(JqError::Time), "{code}");
    }
}
