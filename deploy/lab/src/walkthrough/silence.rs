//! A lab in which nobody says anything but what the document does.

use anyhow::Result;

use crate::Lab;

/// Pods that are silent as long as this lives, and talk again afterwards if they did before.
#[derive(Debug)]
pub(crate) struct Silence<'a>(Option<&'a Lab>);

impl<'a> Silence<'a> {
    /// Has them end what they say.
    pub(crate) fn of(lab: &'a Lab) -> Result<Self> {
        let is_on = lab.traffic()?.is_on;
        if is_on {
            eprintln!("wgtrace-lab: the pods of lab `{}` are silent meanwhile", lab.name());
            lab.set_traffic(false)?;
        }
        Ok(Self(is_on.then_some(lab)))
    }
}

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        if let Some(lab) = self.0
            && let Err(error) = lab.set_traffic(true)
        {
            eprintln!("wgtrace-lab: the pods of lab `{}` do not talk again: {error:#}", lab.name());
        }
    }
}
