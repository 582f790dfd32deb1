//! Reading query parameters: every fault named at once, unknown ones included.

use domain::{Detail, Fault, FaultText};
use std::{collections::BTreeSet, str::FromStr};

use actix_web::{HttpMessage, HttpRequest, web::Query};
use application::{Position, tickets::as_of::AsOf};
use chrono::{DateTime, NaiveDate, Utc};

use crate::{
    asking::{ByLink, LINK},
    refusal::{self, Refusal},
    times,
};

/// The parameters of a request, taken one by one.
pub struct Parameters {
    pairs: Vec<(String, String)>,
    known: BTreeSet<&'static str>,
    faults: Vec<Fault>,
}

impl Parameters {
    /// Reads the query string.
    ///
    /// # Errors
    /// A refusal when it is not percent-encoded text.
    pub fn read(request: &HttpRequest) -> Result<Self, Refusal> {
        let pairs = Query::<Vec<(String, String)>>::from_query(request.query_string());
        let pairs = pairs.map_err(|error| Refusal::of(Detail::QueryUnreadable).cause(error))?;
        let mut pairs = pairs.into_inner();
        if request.extensions().contains::<ByLink>() {
            pairs.retain(|(name, _)| name != LINK);
        }
        Ok(Self {
            pairs,
            known: BTreeSet::new(),
            faults: Vec::new(),
        })
    }

    /// All values of a parameter that may be given several times, but for empty ones: a form that was left empty asks for nothing.
    pub fn all(&mut self, name: &'static str) -> Vec<String> {
        let mut values = self.given(name);
        values.retain(|value| !value.is_empty());
        values
    }

    /// The text of a parameter that may be given once; an empty one is none.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.value(name).filter(|value| !value.is_empty())
    }

    /// The value of a parameter that may be given once, which may be empty.
    pub fn value(&mut self, name: &'static str) -> Option<String> {
        let mut values = self.given(name);
        if values.len() > 1 {
            self.fault(name, FaultText::GivenTwice);
        }
        values.pop()
    }

    fn given(&mut self, name: &'static str) -> Vec<String> {
        self.known.insert(name);
        let of_name = self.pairs.iter().filter(|(key, _)| key == name);
        of_name.map(|(_, value)| value.clone()).collect()
    }

    /// The value as something that is parsed from text; `wrong` is told when it cannot be.
    pub fn parsed<T: FromStr>(&mut self, name: &'static str, wrong: FaultText) -> Option<T> {
        // Rust reads `+1` as a number; the contract does not.
        self.read_by(name, wrong, |text| {
            text.parse().ok().filter(|_| !text.starts_with('+'))
        })
    }

    /// How many items a page is to have: so many unless told, and so many at most.
    pub fn limit(&mut self, usual: usize, max: usize) -> usize {
        let limit = self.parsed("limit", FaultText::NotAWholeNumber).unwrap_or(usual);
        if limit == 0 || limit > max {
            let max = max as u64;
            self.fault("limit", FaultText::NumberBetween { min: 1, max });
        }
        limit
    }

    fn read_by<T>(
        &mut self,
        name: &'static str,
        wrong: FaultText,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let value = read(&self.value(name)?);
        if value.is_none() {
            self.fault(name, wrong);
        }
        value
    }

    fn is_there(&mut self, name: &'static str) -> bool {
        let is_there = !self.all(name).is_empty();
        if !is_there {
            self.fault(name, FaultText::Missing);
        }
        is_there
    }

    /// The same for a parameter that must be there.
    pub fn required<T: FromStr>(&mut self, name: &'static str, wrong: FaultText) -> Option<T> {
        if self.is_there(name) {
            self.parsed(name, wrong)
        } else {
            None
        }
    }

    /// The value as an instant.
    pub fn instant(&mut self, name: &'static str) -> Option<DateTime<Utc>> {
        self.read_by(name, FaultText::NotAnInstant, times::instant)
    }

    /// The value as a day, of a parameter that must be there.
    pub fn day(&mut self, name: &'static str) -> Option<NaiveDate> {
        if self.is_there(name) {
            self.read_by(name, FaultText::NotADay, times::day)
        } else {
            None
        }
    }

    /// The value of `as_of`: a position, or an instant. A position that the log has not reached is none: milliseconds since
    /// 1970, say.
    pub fn as_of(&mut self, head: Position) -> Option<AsOf> {
        let text = self.value("as_of")?;
        let as_of = match text.parse() {
            Ok(position) if Position(position) > head => {
                self.fault("as_of", beyond(head));
                return None;
            }
            Ok(position) => Some(AsOf::Position(Position(position))),
            Err(_no_number) => times::instant(&text).map(AsOf::Instant),
        };
        if as_of.is_none() {
            self.fault("as_of", FaultText::NotAPositionOrInstant);
        }
        as_of
    }

    /// The value as the member of a closed set.
    pub fn named<T>(&mut self, name: &'static str, read: fn(&str) -> Result<T, FaultText>) -> Option<T> {
        let value = read(&self.value(name)?);
        value.map_err(|wrong| self.fault(name, wrong)).ok()
    }

    /// A whole number from 0 to the greatest that the contract's `int64` has.
    pub fn whole(&mut self, name: &'static str) -> Option<u64> {
        const MAX: u64 = i64::MAX.unsigned_abs();
        let number: u64 = self.parsed(name, FaultText::NotAWholeNumber)?;
        if number > MAX {
            self.fault(name, FaultText::NumberMax { max: MAX });
        }
        Some(number)
    }

    /// Notes a fault of a parameter.
    pub fn fault(&mut self, name: &str, wrong: FaultText) {
        self.faults.push(Fault::new(name, wrong));
    }

    /// Notes what rules find wrong with parameters that could be read.
    pub fn faults(&mut self, faults: Vec<Fault>) {
        for fault in faults.into_iter().map(refusal::of_parameter) {
            if self.faults.iter().all(|known| known.pointer != fault.pointer) {
                self.faults.push(fault);
            }
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// All faults, unknown parameters included.
    pub fn end(mut self) -> Result<(), Refusal> {
        for (name, _) in &self.pairs {
            if !self.known.contains(name.as_str()) {
                self.faults
                    .push(Fault::new(name.clone(), FaultText::NotAParameter));
            }
        }
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(Refusal::faults(self.faults))
        }
    }
}

/// What is wrong with a position that the log has not reached.
#[must_use]
pub fn beyond(head: Position) -> FaultText {
    FaultText::BeyondTheHead { head: head.0 }
}
