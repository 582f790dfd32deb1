//! Going through every place of a JSON value, with the pointer of each.

use serde_json::Value;

/// How many objects and arrays may lie inside each other, from `data` down to the innermost of a marked value. The
/// JSON reader gives up at 128 levels, and an event that cannot be read back must not be written.
pub const DEPTH_MAX: usize = 100;

/// What a visitor made of a place.
pub(crate) enum Visited {
    /// Nothing of its kind: what lies inside is visited next.
    GoInside,
    /// Dealt with, as a whole.
    Done,
}

/// A place lies below [`DEPTH_MAX`]; the pointer says which.
pub(crate) struct TooDeep;

/// Calls `visit` for `value` and everything inside it, top down. `pointer` is that of `value` and is given back as it
/// came when all went well; after an error it names the place.
pub(crate) fn walk<E, F>(
    value: &mut Value,
    pointer: &mut String,
    depth: usize,
    visit: &mut F,
) -> Result<(), E>
where
    E: From<(TooDeep, String)>,
    F: FnMut(&mut Value, &str, usize) -> Result<Visited, E>,
{
    if depth > DEPTH_MAX {
        return Err(E::from((TooDeep, pointer.clone())));
    }
    match visit(value, pointer, depth)? {
        Visited::Done => return Ok(()),
        Visited::GoInside => {}
    }
    let length = pointer.len();
    match value {
        Value::Object(members) => {
            for (key, member) in members.iter_mut() {
                push_token(pointer, key);
                walk(member, pointer, depth + 1, visit)?;
                pointer.truncate(length);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                push_token(pointer, &index.to_string());
                walk(item, pointer, depth + 1, visit)?;
                pointer.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    Ok(())
}

/// Whether nothing in `value` lies deeper than `levels` below it.
pub(crate) fn is_within(value: &Value, levels: usize) -> bool {
    let Some(below) = levels.checked_sub(1) else {
        return !matches!(value, Value::Object(_) | Value::Array(_));
    };
    match value {
        Value::Object(members) => members.values().all(|member| is_within(member, below)),
        Value::Array(items) => items.iter().all(|item| is_within(item, below)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// Appends one reference token (RFC 6901 §3: `~` is written `~0`, `/` is written `~1`).
fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    for character in token.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pointer_escapes_tilde_and_slash_in_the_order_of_rfc_6901() {
        let mut pointer = String::from("/data");
        for token in ["a/b", "m~n", "~1", "", "é"] {
            push_token(&mut pointer, token);
        }
        assert_eq!(pointer, "/data/a~1b/m~0n/~01//é");
        let document = json!({"data": {"a/b": {"m~n": {"~1": {"": {"é": 8}}}}}});
        assert_eq!(document.pointer(&pointer), Some(&json!(8)));
    }

    #[test]
    fn depth_is_counted_to_the_innermost_container() {
        let nested = json!([{"a": [1]}]);
        assert!(is_within(&nested, 3));
        assert!(!is_within(&nested, 2));
        assert!(is_within(&json!("text"), 0));
        assert!(!is_within(&json!([]), 0));
    }
}
