//! Lists of values that stand apart: what may be changed in them, and what a form takes of them.

use std::sync::Arc;

use domain::{
    Language,
    desk::{
        Desk,
        definition::{Choice, ValueList},
        lists::{LongList, VALUE_DEPTH_MAX, VALUE_TEXT_CHARS_MAX, VALUES_CHANGED_MAX, VALUES_MAX},
        schema,
    },
};
use serde_json::{Value, json};

use crate::given::{SUP, field, object};

fn choice(id: &str) -> Choice {
    serde_json::from_value(json!({"id": id, "label": {"fr": format!("{id} fr"), "en": format!("{id} en")}}))
        .unwrap()
}

fn below(id: &str, parent: &str) -> Choice {
    Choice {
        parent: Some(parent.to_owned()),
        ..choice(id)
    }
}

fn list(values: &[Choice]) -> LongList {
    LongList::default().evolve(values)
}

/// The places of the faults of a change.
fn refused(list: &LongList, changes: Vec<Choice>) -> Vec<String> {
    let faults = list.change(changes).unwrap_err();
    faults
        .into_iter()
        .map(|fault| format!("{} {}", fault.pointer, fault.text.text(Language::En)))
        .collect()
}

#[test]
fn a_value_keeps_its_place_when_it_is_changed() {
    let known = list(&[choice("b"), choice("a")]);
    let retired = Choice {
        retired: true,
        ..choice("b")
    };
    let after = known.evolve(&[choice("c"), retired.clone()]);
    let ids: Vec<&str> = after.values().iter().map(|value| value.id.as_str()).collect();
    assert_eq!(ids, ["b", "a", "c"]);
    assert_eq!(
        (after.get("b"), after.takes("b"), after.takes("a")),
        (Some(&retired), false, true)
    );
    assert!(!after.takes("d"));
}

#[test]
fn what_is_so_already_is_no_change_and_many_are_several_events() {
    let known = list(&[choice("a")]);
    assert_eq!(known.change(vec![choice("a")]), Ok(Vec::new()));
    assert_eq!(
        known.change(vec![choice("a"), choice("b")]),
        Ok(vec![vec![choice("b")]])
    );
    let long = "é".repeat(VALUE_TEXT_CHARS_MAX);
    let wide: Vec<Choice> = (0..VALUES_CHANGED_MAX)
        .map(|number| {
            let text = json!({"fr": long, "en": long});
            serde_json::from_value(json!({"id": format!("v{number}"), "label": text, "help": text})).unwrap()
        })
        .collect();
    let parts = known.change(wide.clone()).unwrap();
    assert!(parts.len() > 1);
    assert!(
        parts
            .iter()
            .all(|part| serde_json::to_string(part).unwrap().len() <= 41 * 1024)
    );
    assert_eq!(parts.concat(), wide);
}

#[test]
fn every_fault_of_a_change_is_named_at_once() {
    let named = |id: &str| Choice {
        id: id.to_owned(),
        ..choice("x")
    };
    let mut blank = choice("blank");
    blank.label.en = " ".to_owned();
    blank.help = Some(blank.label.clone());
    blank.label.fr = "x".repeat(VALUE_TEXT_CHARS_MAX + 1);
    let told = refused(
        &list(&[choice("a")]),
        vec![
            named(""),
            named(" a"),
            named("\u{200d}"),
            named("two\nlines"),
            named(&"x".repeat(64)),
            choice("b"),
            choice("b"),
            blank,
            below("c", "nowhere"),
        ],
    );
    let id = |index: usize| {
        format!("/values/{index}/value is not the id of a value: one line of 63 bytes at most")
    };
    let mut expected: Vec<String> = (0..5).map(id).collect();
    expected.extend(
        [
            "/values/6/value is given more than once",
            "/values/7/label/fr is longer than 200 characters",
            "/values/7/label/en is mandatory and is not filled in",
            "/values/7/description/en is mandatory and is not filled in",
            "/values/8/parent is not a value of this list",
        ]
        .map(str::to_owned),
    );
    assert_eq!(told, expected);
}

#[test]
fn a_list_is_bounded_and_so_is_a_request() {
    let many = |count: usize| {
        (0..count)
            .map(|number| choice(&format!("v{number}")))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        refused(&LongList::default(), many(VALUES_CHANGED_MAX + 1)),
        ["/values holds more than 200 values"]
    );
    assert!(LongList::default().change(many(VALUES_CHANGED_MAX)).is_ok());
    let full = list(&many(VALUES_MAX));
    assert_eq!(
        refused(&full, vec![choice("one more")]),
        ["/values would give the list more than 10000 values"]
    );
    assert!(
        full.change(vec![Choice {
            retired: true,
            ..choice("v0")
        }])
        .is_ok()
    );
}

#[test]
fn a_tree_has_no_circle_and_ten_levels_above_a_value_at_most() {
    let chain: Vec<Choice> = (0..=VALUE_DEPTH_MAX)
        .map(|depth| match depth {
            0 => choice("v0"),
            _ => below(&format!("v{depth}"), &format!("v{}", depth - 1)),
        })
        .collect();
    let tree = list(&chain);
    let deeper = "would put a value more than 10 levels deep, or below itself";
    assert_eq!(
        refused(&tree, vec![below("more", "v10")]),
        [format!("/values/0/parent {deeper}")]
    );
    assert!(tree.change(vec![below("more", "v9")]).is_ok());
    assert_eq!(
        refused(&tree, vec![below("v0", "v10")]),
        [format!("/values/0/parent {deeper}")]
    );
    assert_eq!(
        refused(&tree, vec![below("v0", "v0")]),
        [format!("/values/0/parent {deeper}")]
    );
    // What is put under another takes with it what stands below.
    let pair = tree.evolve(&[choice("top")]);
    assert_eq!(
        refused(&pair, vec![below("v0", "top")]),
        [format!("/values/0/parent {deeper}")]
    );
}

/// `SUP` with products to choose from, one and several.
fn with_products() -> Desk {
    let mut definition = SUP.definition().clone();
    let mut product = field(json!({"type": "string"}));
    product.list = Some("product".to_owned());
    let mut others = field(json!({"type": "array", "items": {"type": "string"}}));
    others.list = Some("product".to_owned());
    definition.fields.insert("product".to_owned(), product);
    definition.fields.insert("others".to_owned(), others);
    definition.types[0].form.fields.push("others".to_owned());
    definition.value_lists.insert(
        "product".to_owned(),
        ValueList {
            values: Vec::new(),
            apart: true,
        },
    );
    Desk::load(definition).unwrap()
}

fn faults(desk: &Desk, fields: Value) -> Vec<String> {
    let faults = desk.form("question").unwrap().faults(&object(fields));
    faults
        .into_iter()
        .map(|fault| format!("{} {}", fault.pointer, fault.text.text(Language::En)))
        .collect()
}

#[test]
fn a_field_takes_the_current_values_of_its_list() {
    let empty = with_products();
    let text = "is no current value of the list product";
    assert_eq!(
        faults(&empty, json!({"product": "mail"})),
        [format!("/fields/product {text}")]
    );
    let values = list(&[
        choice("mail"),
        Choice {
            retired: true,
            ..choice("fax")
        },
    ]);
    let desk = empty.with_list("product", &Arc::new(values));
    assert!(faults(&desk, json!({"product": "mail", "others": ["mail"]})).is_empty());
    assert_eq!(
        faults(&desk, json!({"product": "fax", "others": ["mail", "disk"]})),
        [
            format!("/fields/others/1 {text}"),
            format!("/fields/product {text}")
        ]
    );
    assert_eq!(
        faults(&desk, json!({"product": 1})),
        ["/fields/product does not have the expected JSON type"]
    );
    for value in [json!(true), json!(1.5), json!([]), json!(["mail"])] {
        assert!(!faults(&desk, json!({"product": value})).is_empty(), "{value}");
    }
    for value in [json!("mail"), json!([1]), json!([true]), json!([["mail"]])] {
        assert!(!faults(&desk, json!({"others": value})).is_empty(), "{value}");
    }
    // What has a retired value keeps it, with its label.
    assert_eq!(desk.choice("product", "fax").unwrap().label.en, "fax en");
    assert_eq!(desk.values("product").unwrap().len(), 2);
    assert!(desk.values("nothing").is_none());
}

#[test]
fn a_served_form_says_where_the_values_stand() {
    let desk = with_products();
    let of = &desk.definition().types[0];
    let served = schema::served(desk.definition(), &of.form, (&of.label, None), Language::En);
    let served = serde_json::to_value(served).unwrap();
    let product = &served["properties"]["product"];
    assert_eq!(product["x-list"], "/v1/desks/SUP/lists/product/values");
    assert_eq!(
        (&product["x-widget"], product.get("oneOf")),
        (&json!("select"), None)
    );
}
