//! Requests in the forms of clients in versions that are not run here: .NET 8, Go 1.22, Chromium, Firefox, nginx, curl 8, Apache's
//! client for Java and older Python stacks. Written by hand after what is known of these clients: nothing was captured from one.

/// A request, and how it is to be understood.
pub(super) struct Written {
    /// Which client sends it.
    pub(super) from: &'static str,
    /// Method and path; `{key}` is a ticket's.
    pub(super) request: &'static str,
    /// The version of HTTP.
    pub(super) version: &'static str,
    /// Header lines beside host, token and length.
    pub(super) fields: &'static str,
    /// The body.
    pub(super) body: &'static [u8],
    /// The body goes in chunks.
    pub(super) is_chunked: bool,
    /// What is right.
    pub(super) understood: Understood,
}

/// What is right.
pub(super) enum Understood {
    /// A file of this name and content is attached.
    File {
        name: &'static str,
        content: &'static str,
    },
    /// 422 with this fault.
    Fault {
        pointer: &'static str,
        code: &'static str,
    },
    /// 404 with a title in the language asked for.
    Title(&'static str),
    /// This status.
    Status(u16),
    /// Lines of JSON, and nothing between them.
    Lines,
}

impl Written {
    /// The bytes, for one caller and ticket.
    pub(super) fn bytes(&self, token: &str, key: &str) -> Vec<u8> {
        let request = self.request.replace("{key}", key);
        let mut bytes = format!(
            "{request} {}\r\nHost: guichet.example\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n{}",
            self.version, self.fields
        )
        .into_bytes();
        if self.is_chunked {
            bytes.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            for chunk in self.body.chunks(50) {
                bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
        } else {
            if !self.body.is_empty() {
                bytes.extend_from_slice(format!("Content-Length: {}\r\n", self.body.len()).as_bytes());
            }
            bytes.extend_from_slice(b"\r\n");
            bytes.extend_from_slice(self.body);
        }
        bytes
    }
}

const UPLOAD: &str = "POST /v1/tickets/{key}/attachments";
const V11: &str = "HTTP/1.1";
const V10: &str = "HTTP/1.0";

const NOTHING: Written = Written {
    from: "",
    request: "GET /v1/nothing",
    version: V11,
    fields: "",
    body: b"",
    is_chunked: false,
    understood: Understood::Status(404),
};

/// The table.
pub(super) const WRITTEN: &[Written] = &[
    Written {
        from: ".NET HttpClient, DefaultRequestHeaders.AcceptLanguage",
        fields: "Accept-Language: en; q=0.9, fr; q=0.2\r\n\
                 traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00\r\n",
        understood: Understood::Title("Not found"),
        ..NOTHING
    },
    Written {
        from: ".NET HttpClient, MultipartFormDataContent with a name outside ASCII",
        request: UPLOAD,
        fields: "Content-Type: multipart/form-data; boundary=\"b3f1d3c7-6a52-4d1e-9f0a-2f3f0a4f5c11\"\r\n",
        body: b"--b3f1d3c7-6a52-4d1e-9f0a-2f3f0a4f5c11\r\nContent-Type: application/octet-stream\r\n\
                Content-Disposition: form-data; name=file; filename=\"=?utf-8?B?w6l0w6kudHh0?=\"; \
                filename*=utf-8''%C3%A9t%C3%A9.txt\r\n\r\nabc\r\n--b3f1d3c7-6a52-4d1e-9f0a-2f3f0a4f5c11--\r\n",
        understood: Understood::File { name: "été.txt", content: "abc" },
        ..NOTHING
    },
    Written {
        from: ".NET HttpClient, MultipartFormDataContent with a plain name, sent in chunks after Expect",
        request: UPLOAD,
        fields: "Expect: 100-continue\r\nContent-Type: multipart/form-data; boundary=\"net\"\r\n",
        body: b"--net\r\nContent-Disposition: form-data; name=file; filename=rapport.pdf; \
                filename*=utf-8''rapport.pdf\r\n\r\n%PDF-\r\n--net--\r\n",
        is_chunked: true,
        understood: Understood::File { name: "rapport.pdf", content: "%PDF-" },
        ..NOTHING
    },
    Written {
        from: ".NET HttpClient, a StringContent before the file",
        request: UPLOAD,
        fields: "Content-Type: multipart/form-data; boundary=\"net\"\r\n",
        body: b"--net\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=note\r\n\r\nx\r\n\
                --net\r\nContent-Disposition: form-data; name=file; filename=a.txt; filename*=utf-8''a.txt\r\n\r\nabc\r\n--net--\r\n",
        understood: Understood::Fault { pointer: "/note", code: "unknown" },
        ..NOTHING
    },
    Written {
        from: "Go net/http with mime/multipart through a pipe",
        request: UPLOAD,
        fields: "User-Agent: Go-http-client/1.1\r\nAccept-Encoding: gzip\r\n\
                 Content-Type: multipart/form-data; boundary=8a1f7f3c5a7d4e2b9c0d1e2f3a4b5c6d7e8f9a0b1c2d3e4f5a6b7c8d9e0f\r\n",
        body: b"--8a1f7f3c5a7d4e2b9c0d1e2f3a4b5c6d7e8f9a0b1c2d3e4f5a6b7c8d9e0f\r\n\
                Content-Disposition: form-data; name=\"file\"; filename=\"l'\xc3\xa9t\xc3\xa9 \\\"1\\\".txt\"\r\n\
                Content-Type: application/octet-stream\r\n\r\nabc\r\n\
                --8a1f7f3c5a7d4e2b9c0d1e2f3a4b5c6d7e8f9a0b1c2d3e4f5a6b7c8d9e0f--\r\n",
        is_chunked: true,
        understood: Understood::File { name: "l'été \"1\".txt", content: "abc" },
        ..NOTHING
    },
    Written {
        from: "Chromium, fetch with a FormData",
        request: UPLOAD,
        fields: "sec-ch-ua-platform: \"Linux\"\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\
                 Accept-Language: fr-FR,fr;q=0.9,en-US;q=0.8,en;q=0.7\r\nSec-Fetch-Mode: cors\r\n\
                 Content-Type: multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW\r\n",
        body: b"------WebKitFormBoundary7MA4YWxkTrZu0gW\r\nContent-Disposition: form-data; name=\"file\"; \
                filename=\"\xc3\xa9t\xc3\xa9 %221%22.txt\"\r\nContent-Type: text/plain\r\n\r\nabc\r\n\
                ------WebKitFormBoundary7MA4YWxkTrZu0gW--\r\n",
        understood: Understood::File { name: "été \"1\".txt", content: "abc" },
        ..NOTHING
    },
    Written {
        from: "Firefox, a form whose field of several files holds two",
        request: UPLOAD,
        fields: "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
                 Content-Type: multipart/form-data; boundary=---------------------------41184676334\r\n",
        body: b"-----------------------------41184676334\r\nContent-Disposition: form-data; name=\"file\"; filename=\"1.txt\"\r\n\
                Content-Type: text/plain\r\n\r\nabc\r\n-----------------------------41184676334\r\n\
                Content-Disposition: form-data; name=\"file\"; filename=\"2.txt\"\r\nContent-Type: text/plain\r\n\r\ndef\r\n\
                -----------------------------41184676334--\r\n",
        understood: Understood::Fault { pointer: "/file", code: "value" },
        ..NOTHING
    },
    Written {
        from: "a browser, a form sent without having chosen a file",
        request: UPLOAD,
        fields: "Content-Type: multipart/form-data; boundary=----geckoformboundary1\r\n",
        body: b"------geckoformboundary1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\n\
                Content-Type: application/octet-stream\r\n\r\n\r\n------geckoformboundary1--\r\n",
        understood: Understood::Fault { pointer: "/file", code: "length" },
        ..NOTHING
    },
    Written {
        from: "Chromium, a page opened by its address",
        request: "GET /v1/nothing",
        fields: "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8\r\n\
                 Accept-Language: en-GB,en;q=0.9,fr;q=0.8\r\nUpgrade-Insecure-Requests: 1\r\n",
        understood: Understood::Title("Not found"),
        ..NOTHING
    },
    Written {
        from: "nginx, proxy_pass as it is by default, the export",
        request: "GET /v1/audit/export",
        version: V10,
        fields: "X-Forwarded-For: 192.0.2.7\r\n",
        understood: Understood::Lines,
        ..NOTHING
    },
    Written {
        from: "nginx, proxy_pass as it is by default, an upload that it has collected",
        request: UPLOAD,
        version: V10,
        fields: "X-Forwarded-For: 192.0.2.7\r\nContent-Type: multipart/form-data; boundary=B\r\n",
        body: b"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nabc\r\n--B--\r\n",
        understood: Understood::File { name: "a.txt", content: "abc" },
        ..NOTHING
    },
    Written {
        from: "a load balancer's check by HTTP/1.0",
        request: "HEAD /healthz",
        version: V10,
        understood: Understood::Status(200),
        ..NOTHING
    },
    Written {
        from: "curl 8, --form with a quote in the name",
        request: UPLOAD,
        fields: "User-Agent: curl/8.5.0\r\nAccept: */*\r\n\
                 Content-Type: multipart/form-data; boundary=------------------------p0jV4nMBxJLfXoPpgZyVtE\r\n",
        body: b"--------------------------p0jV4nMBxJLfXoPpgZyVtE\r\nContent-Disposition: form-data; name=\"file\"; \
                filename=\"a%22b.txt\"\r\nContent-Type: text/plain\r\n\r\nabc\r\n--------------------------p0jV4nMBxJLfXoPpgZyVtE--\r\n",
        understood: Understood::File { name: "a\"b.txt", content: "abc" },
        ..NOTHING
    },
    Written {
        from: "Apache HttpClient 4 in its browser-compatible mode, lengths within the parts",
        request: UPLOAD,
        fields: "Content-Type: multipart/form-data; boundary=AxT3kQ_Wz-0\r\nAccept-Encoding: gzip,deflate\r\n",
        body: b"--AxT3kQ_Wz-0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\xe9t\xe9.txt\"\r\n\
                Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\nContent-Length: 2\r\n\r\n\
                abc\r\n--AxT3kQ_Wz-0--\r\n",
        understood: Understood::File { name: "été.txt", content: "abc" },
        ..NOTHING
    },
    Written {
        from: "Python, urllib3 1 with a name outside ASCII",
        request: UPLOAD,
        fields: "Content-Type: multipart/form-data; boundary=0a3f5d7e9b1c2d4e6f8091a2b3c4d5e6\r\n",
        body: b"--0a3f5d7e9b1c2d4e6f8091a2b3c4d5e6\r\nContent-Disposition: form-data; name=\"file\"; \
                filename*=utf-8''%E2%82%AC%20taux.txt\r\n\r\nabc\r\n--0a3f5d7e9b1c2d4e6f8091a2b3c4d5e6--\r\n",
        understood: Understood::File { name: "€ taux.txt", content: "abc" },
        ..NOTHING
    },
    Written {
        from: "a browser of Windows XP's days, the whole path as the name",
        request: UPLOAD,
        fields: "Content-Type: multipart/form-data; boundary=---------------------------7d93b2a700e04\r\n",
        body: b"-----------------------------7d93b2a700e04\r\nContent-Disposition: form-data; name=\"file\"; \
                filename=\"C:\\Documents\\\xc3\xa9t\xc3\xa9.txt\"\r\nContent-Type: text/plain\r\n\r\nabc\r\n\
                -----------------------------7d93b2a700e04--\r\n",
        understood: Understood::File { name: "été.txt", content: "abc" },
        ..NOTHING
    },
];
