//! The law: whatever is written, rotated, compressed, polled and restarted, in any order, each line is given exactly
//! once and in the order in which it was written, as long as the rotation itself destroys nothing.

use guru::source::FollowSettings;
use proptest::prelude::*;

use crate::reader::{Reader, settings};
use crate::writer::{Kind, Writer, begin};

#[derive(Clone, Debug)]
enum Step {
    /// Some bytes, wherever that cuts a line.
    Write(u16),
    Poll,
    /// A kill -9, with so many lines open.
    Restart(u8),
    Rotate(Kind),
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![
        4 => (0..4_u8).prop_map(Kind::Rename),
        2 => Just(Kind::RenamePacked),
        2 => Just(Kind::RenamePackedLater),
        2 => Just(Kind::CopyTruncate),
        1 => Just(Kind::Rewrite),
        1 => Just(Kind::Remove),
    ];
    prop_oneof![
        6 => (1..3000_u16).prop_map(Step::Write),
        4 => Just(Step::Poll),
        1 => (0..3_u8).prop_map(Step::Restart),
        3 => kind.prop_map(Step::Rotate),
    ]
}

fn finish(mut writer: Writer, mut reader: Reader, steps: &[Step]) -> Result<(), TestCaseError> {
    writer.end_line();
    for _ in 0..3 {
        reader.poll();
        std::thread::sleep(std::time::Duration::from_millis(3));
    }
    prop_assert_eq!(&reader.lines, &writer.expected, "{:?} lost {:?}", steps, &reader.lost);
    Ok(())
}

fn small(grace_us: i64, most: usize) -> FollowSettings {
    FollowSettings { grace_us, gone_us: grace_us, most, block: most / 2 + 1, keep_files: 3, ..settings() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: option_env!("LAW_CASES").and_then(|n| n.parse().ok()).unwrap_or(96), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_line_is_given_once_through_any_rotation(
        steps in prop::collection::vec(step(), 1..40),
        grace in prop_oneof![Just(0), Just(2_000), Just(60_000_000)],
        most in prop_oneof![Just(100_usize), Just(1 << 20)],
        spec in prop_oneof![Just("access.log"), Just(""), Just("*.lo[g]*")],
    ) {
        let mut writer = begin("access.log");
        let mut reader = Reader::with(&[&writer.logs.path(spec)], small(grace, most));
        reader.poll();
        for step in &steps {
            match step {
                Step::Write(n) => writer.write(usize::from(*n)),
                Step::Poll => _ = reader.poll_once(),
                Step::Restart(back) => reader.restart(usize::from(*back)),
                Step::Rotate(kind) => writer.rotate(*kind, || reader.poll()),
            }
        }
        finish(writer, reader, &steps)?;
    }

    #[test]
    fn every_line_is_given_once_through_any_number_of_days(
        steps in prop::collection::vec(step(), 1..40),
        link in any::<bool>(),
        grace in prop_oneof![Just(0), Just(60_000_000)],
    ) {
        let mut writer = begin("app-20260101.log");
        let spec = if link && cfg!(unix) { "current.log" } else { "app-*.log*" };
        #[cfg(unix)]
        writer.logs.link("app-20260101.log", "current.log");
        let mut reader = Reader::with(&[&writer.logs.path(spec)], small(grace, 1 << 20));
        reader.poll();
        for step in &steps {
            match step {
                Step::Write(n) => writer.write(usize::from(*n)),
                Step::Poll => _ = reader.poll_once(),
                Step::Restart(back) => reader.restart(usize::from(*back)),
                Step::Rotate(kind) => writer.next_day(matches!(kind, Kind::RenamePacked), link),
            }
        }
        finish(writer, reader, &steps)?;
    }
}
