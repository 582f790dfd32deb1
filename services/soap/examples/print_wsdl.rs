//! Prints the WSDL as it is committed; see `services/soap/wsdl/`.

fn main() {
    let address = format!("http://localhost{}", soap::PATH);
    print!("{}", soap::wsdl(soap::DEFAULT_NAMESPACE, &address));
}
