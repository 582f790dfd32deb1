//! The operations of the protocol and their names on the wire.

/// The three operations of seed 001, section 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Create,
    Set,
    Get,
}

impl Operation {
    pub(crate) const ALL: [Operation; 3] = [Operation::Create, Operation::Set, Operation::Get];

    /// The operation's name, which the names of its elements begin with.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Operation::Create => "createTroubleTicketByValue",
            Operation::Set => "setTroubleTicketByValue",
            Operation::Get => "getTroubleTicketByKey",
        }
    }

    /// The operation that an element of the SOAP body asks for. `SOAPAction` is never looked at, because some clients
    /// send none. RPC-minded clients leave the `Request` off; that is no reason to send them away.
    pub(crate) fn of_element(local_name: &str) -> Option<Operation> {
        let name = local_name.strip_suffix("Request").unwrap_or(local_name);
        Operation::ALL
            .into_iter()
            .find(|operation| operation.name() == name)
    }

    /// The exceptions that the fault of this operation may carry, in the order of the schema (soap-interop, 1.3).
    pub(crate) const fn exceptions(self) -> &'static [Exception] {
        match self {
            Operation::Create => &[
                Exception::Create,
                Exception::DuplicateKey,
                Exception::IllegalArgument,
                Exception::Remote,
            ],
            Operation::Set => &[
                Exception::Set,
                Exception::ObjectNotFound,
                Exception::ResyncRequired,
                Exception::IllegalArgument,
                Exception::Remote,
            ],
            Operation::Get => &[
                Exception::ObjectNotFound,
                Exception::IllegalArgument,
                Exception::Remote,
            ],
        }
    }
}

/// What the detail of a fault names (OSS/J, JSR 91). Not every one is raised by this door: refusals of create and set
/// are return codes, not faults (seed 001, 4.1); the schema lists them for clients that were written for OSS/J.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exception {
    Create,
    DuplicateKey,
    Set,
    ObjectNotFound,
    ResyncRequired,
    IllegalArgument,
    Remote,
}

impl Exception {
    /// Local name of the element.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Exception::Create => "createException",
            Exception::DuplicateKey => "duplicateKeyException",
            Exception::Set => "setException",
            Exception::ObjectNotFound => "objectNotFoundException",
            Exception::ResyncRequired => "resyncRequiredException",
            Exception::IllegalArgument => "illegalArgumentException",
            Exception::Remote => "remoteException",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_told_from_its_element_alone() {
        assert_eq!(
            Operation::of_element("createTroubleTicketByValueRequest"),
            Some(Operation::Create)
        );
        assert_eq!(
            Operation::of_element("setTroubleTicketByValue"),
            Some(Operation::Set)
        );
        assert_eq!(
            Operation::of_element("getTroubleTicketByKeyRequest"),
            Some(Operation::Get)
        );
        assert_eq!(Operation::of_element("troubleTicketValue"), None);
        assert_eq!(Operation::of_element("createTroubleTicketByValueResponse"), None);
    }
}
