//! How large rings are and when they wake us.

use std::time::Duration;

use super::RingError;

/// How large rings are and when they wake us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingSettings {
    /// Pages in each CPU's ring: a power of two.
    pub pages_per_cpu: u32,
    /// Bytes in a ring that wake the reader; a quarter of it and at most 64 KiB unless told.
    pub watermark: Option<u32>,
    /// How long events stay in the rings at most when no watermark is reached.
    pub flush: Duration,
}

/// Most pages in a ring.
pub const MOST_PAGES: u32 = 1 << 16;

impl Default for RingSettings {
    fn default() -> Self {
        Self { pages_per_cpu: 64, watermark: None, flush: Duration::from_millis(20) }
    }
}

impl RingSettings {
    /// Bytes in a ring, once everything is in bounds.
    pub(super) fn capacity(&self) -> Result<u64, RingError> {
        if !self.pages_per_cpu.is_power_of_two() || self.pages_per_cpu > MOST_PAGES {
            return Err(RingError::Pages { pages: self.pages_per_cpu });
        }
        let capacity = u64::from(self.pages_per_cpu).saturating_mul(rustix::param::page_size() as u64);
        match self.watermark {
            Some(watermark) if watermark == 0 || u64::from(watermark) > capacity => {
                Err(RingError::Watermark { watermark, capacity })
            }
            _ => Ok(capacity),
        }
    }

    pub(super) fn pages(&self) -> usize {
        self.pages_per_cpu as usize
    }

    pub(super) fn watermark_of(&self, capacity: u64) -> u32 {
        let usual = u32::try_from(capacity / 4).unwrap_or(u32::MAX).min(MOST_WATERMARK);
        self.watermark.unwrap_or(usual)
    }
}

/// Beyond this, fewer wake-ups save nothing that can be measured.
const MOST_WATERMARK: u32 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_powers_of_two_are_sizes() {
        for pages in [0, 3, 63, 65, MOST_PAGES * 2, u32::MAX] {
            let settings = RingSettings { pages_per_cpu: pages, ..RingSettings::default() };
            assert_eq!(settings.capacity(), Err(RingError::Pages { pages }));
        }
        for pages in [1, 2, 64, MOST_PAGES] {
            let settings = RingSettings { pages_per_cpu: pages, ..RingSettings::default() };
            assert_eq!(settings.capacity(), Ok(u64::from(pages) * rustix::param::page_size() as u64));
        }
    }

    #[test]
    fn a_watermark_is_within_its_ring() {
        let page = u32::try_from(rustix::param::page_size()).unwrap();
        let with = |watermark| RingSettings {
            pages_per_cpu: 1,
            watermark: Some(watermark),
            ..RingSettings::default()
        };
        assert!(with(1).capacity().is_ok() && with(page).capacity().is_ok());
        let capacity = page.into();
        assert_eq!(with(0).capacity(), Err(RingError::Watermark { watermark: 0, capacity }));
        assert_eq!(with(page + 1).capacity(), Err(RingError::Watermark { watermark: page + 1, capacity }));
    }

    #[test]
    fn the_usual_watermark_is_a_quarter_up_to_64_kib() {
        let settings = RingSettings::default();
        assert_eq!(settings.watermark_of(4096), 1024);
        assert_eq!(settings.watermark_of(256 * 1024), 64 * 1024);
        assert_eq!(settings.watermark_of(1 << 40), 64 * 1024);
        assert_eq!(RingSettings { watermark: Some(7), ..settings }.watermark_of(4096), 7);
    }
}
