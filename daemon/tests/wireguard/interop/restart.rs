use std::time::{Duration, Instant};

use crate::dual;
use crate::end::{End, is_go_wanted};
use crate::settings::Pair;
use crate::trickle::{Asker, Trickle};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn traffic_resumes_when_wireguard_go_restarts() {
    if !is_go_wanted() {
        return;
    }
    let line = dual::line();
    let pair = Pair::new(true).dual();
    let mut go = End::go(&line.right, &pair.right);
    let _ours = End::ours(&line.left, &pair.left);
    // Who speaks first; it knows that there is no session, and we find out when nothing comes back (15 s).
    for (asker, bound) in [(Asker::Right, 1), (Asker::Left, 17)] {
        let mut trickle = Trickle::new(&line, &pair);
        trickle.resumes(asker);
        drop((trickle, go));
        go = End::go(&line.right, &pair.right);
        let mut trickle = Trickle::new(&line, &pair);
        let took = trickle.resumes(asker);
        eprintln!("wireguard-go restarted, {asker:?} speaks: traffic after {took:?}");
        assert!(took < Duration::from_secs(bound), "{took:?}");
        trickle.ask(Asker::Left);
        trickle.ask(Asker::Right);
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn traffic_resumes_when_we_restart() {
    if !is_go_wanted() {
        return;
    }
    let line = dual::line();
    let pair = Pair::new(true).dual();
    let _go = End::go(&line.right, &pair.right);
    let mut ours = End::ours_with(&line.left, &pair.left, &["--persist"]);
    for asker in [Asker::Left, Asker::Right] {
        let mut trickle = Trickle::new(&line, &pair);
        trickle.resumes(asker);
        ours.kill();
        let since = Instant::now();
        ours = End::ours_with(&line.left, &pair.left, &["--persist"]);
        trickle.resumes(asker);
        let took = since.elapsed();
        eprintln!("we restarted, {asker:?} speaks: traffic after {took:?}");
        assert!(took < Duration::from_secs(1), "{took:?}");
        trickle.ask(Asker::Left);
        trickle.ask(Asker::Right);
    }
}
