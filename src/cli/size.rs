//! Sizes as people write them. In: a word of the command line; out: bytes. It must not know what they limit.

/// `16M`, `64k`, `2GiB`, `4096`; `None` for what is no size, and for more than fits.
pub fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let (number, unit) = text.split_at(text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len());
    let shift = match unit.to_ascii_uppercase().trim_end_matches('B').trim_end_matches('I') {
        "" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!((bytes("4096"), bytes("16M"), bytes("64k")), (Some(4096), Some(16 << 20), Some(64 << 10)));
        assert_eq!((bytes("2GiB"), bytes(" 32kb ")), (Some(2 << 30), Some(32 << 10)));
        for no in ["16X", "", "99999999999G", "many", "-4"] {
            assert_eq!(bytes(no), None, "{no}");
        }
    }
}
