//! Many gates at once: all of them, or none.

use wgtrace_abi::{Gate, Hook, PacketEvent};

use super::{Instance, ProbeError, kernel, maps};

impl Instance {
    /// Asks for events of the hooks that `wanted` gives a number of packet bytes for, and of no others. When it fails, all is as
    /// it was, as far as the kernel lets it: [`asked`](Self::asked) tells. When it returns, no event is being made of hooks
    /// that are asked for none.
    pub fn turn_gates(&mut self, wanted: impl Fn(Hook) -> Option<u16>) -> Result<(), ProbeError> {
        let Self { gates, ebpf, .. } = self;
        let mut closes = false;
        let turned = turn(gates, wanted, |hook, gate| {
            closes |= gate.state == Gate::CLOSED;
            maps::set_gate(ebpf, hook, gate)
        });
        if closes {
            kernel::wait_for_programs();
        }
        turned
    }

    /// How many bytes of each packet events of `hook` are asked for with; `None` while they are not asked for.
    pub fn asked(&self, hook: Hook) -> Option<u16> {
        let gate = self.gate(hook);
        (gate.state == Gate::OPEN).then_some(gate.snaplen)
    }
}

/// Turns each gate that is not as `wanted` by writing it; if one cannot be written, those before it are turned back. `gates`
/// are afterwards as they were written last.
fn turn<E>(
    gates: &mut [Gate; Hook::COUNT],
    wanted: impl Fn(Hook) -> Option<u16>,
    mut write: impl FnMut(Hook, Gate) -> Result<(), E>,
) -> Result<(), E> {
    let mut turned = Vec::new();
    for (hook, gate) in Hook::ALL.into_iter().zip(gates.iter_mut()) {
        let before = *gate;
        let now = match wanted(hook) {
            Some(snaplen) => {
                let snaplen = snaplen.min(PacketEvent::MAX_CAPTURED);
                Gate { state: Gate::OPEN, snaplen, sampling: 1, ..before }
            }
            None => Gate { state: Gate::CLOSED, ..before },
        };
        if now == before {
            continue;
        }
        turned.push((hook, before, gate));
        let Err(error) = write(hook, now) else {
            if let Some((_, _, gate)) = turned.last_mut() {
                **gate = now;
            }
            continue;
        };
        // the last one too: of some CPUs it may be written
        for (hook, before, gate) in turned.into_iter().rev() {
            if write(hook, before).is_ok() {
                *gate = before;
            }
        }
        return Err(error);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The gates of a kernel that refuses one write, and those that are believed to be.
    struct Kernel {
        written: [Gate; Hook::COUNT],
        believed: [Gate; Hook::COUNT],
    }

    impl Kernel {
        fn turn(&mut self, wanted: impl Fn(Hook) -> Option<u16>, refuses: impl Fn(usize) -> bool) -> bool {
            let (mut writes, written) = (0, &mut self.written);
            let turned = turn(&mut self.believed, wanted, |hook, gate| {
                writes += 1;
                if refuses(writes) {
                    return Err(());
                }
                written[usize::from(hook.number())] = gate;
                Ok(())
            });
            assert_eq!(self.believed, self.written);
            turned.is_ok()
        }

        fn open(&self) -> Vec<Hook> {
            let is_open = |hook: &Hook| self.written[usize::from(hook.number())].state == Gate::OPEN;
            Hook::ALL.into_iter().filter(is_open).collect()
        }
    }

    fn closed() -> Kernel {
        Kernel { written: [Gate::default(); Hook::COUNT], believed: [Gate::default(); Hook::COUNT] }
    }

    const SOME: [Hook; 3] = [Hook::FromContainer, Hook::ToHost, Hook::TapOut];

    fn some(hook: Hook) -> Option<u16> {
        SOME.contains(&hook).then_some(128)
    }

    #[test]
    fn gates_are_opened_and_closed_as_is_wanted() {
        let mut kernel = closed();
        assert!(kernel.turn(some, |_| false));
        assert_eq!(kernel.open(), SOME);
        assert!(kernel.turn(some, |_| true), "nothing is written twice");
        assert!(kernel.turn(|hook| (hook == Hook::ToHost).then_some(u16::MAX), |_| false));
        assert_eq!(kernel.open(), [Hook::ToHost]);
        assert_eq!(kernel.written[3].snaplen, PacketEvent::MAX_CAPTURED);
        assert!(kernel.turn(|_| None, |_| false));
        assert_eq!(kernel.open(), []);
    }

    #[test]
    fn a_gate_that_cannot_be_turned_leaves_all_as_they_were() {
        let all = |_| Some(256);
        for refused in 1..=Hook::COUNT {
            let mut kernel = closed();
            assert!(!kernel.turn(all, |write| write == refused));
            assert_eq!(kernel.open(), [], "the {refused}th was refused");
            assert!(kernel.turn(some, |_| false));
            let before = kernel.written;
            assert!(!kernel.turn(all, |write| write == refused));
            assert_eq!(kernel.written, before, "those that were open are open, and no more");
        }
        let mut kernel = closed();
        assert!(kernel.turn(some, |_| false));
        assert!(!kernel.turn(|_| None, |write| write == 2));
        assert_eq!(kernel.open(), SOME, "what cannot be closed whole stays open");
    }

    #[test]
    fn what_cannot_be_turned_back_either_is_known_and_turned_the_next_time() {
        let mut kernel = closed();
        assert!(!kernel.turn(some, |write| write >= 2));
        assert_eq!(kernel.open(), [Hook::FromContainer]);
        assert!(kernel.turn(|_| None, |_| false));
        assert_eq!(kernel.open(), []);
    }
}
