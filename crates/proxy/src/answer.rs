//! Answers of our own: ALB's HTML bodies, byte for byte.

use std::io::Write;

use clingfish_model::UnixMillis;

/// What decides the shape of an answer of our own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The request was HEAD: everything but the body.
    pub(crate) head_only: bool,
    /// The connection ends with it.
    pub(crate) closes: bool,
    pub(crate) now: UnixMillis,
}

impl Answer {
    /// Appends the whole answer.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        let title = title(self.status);
        let body = body(&title);
        let date = httpdate::fmt_http_date(
            std::time::UNIX_EPOCH + std::time::Duration::from_millis(self.now.0),
        );
        // Writing to memory does not fail.
        let _ = write!(
            out,
            "HTTP/1.1 {title}\r\nServer: clingfish\r\nDate: {date}\r\nContent-Type: text/html\r\nContent-Length: {}\r\n{}\r\n",
            body.len(),
            if self.closes {
                "Connection: close\r\n"
            } else {
                ""
            },
        );
        if !self.head_only {
            out.extend_from_slice(body.as_bytes());
        }
    }
}

fn body(title: &str) -> String {
    format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
}

/// Status and reason phrase; the wording of ALB, which is nginx's.
fn title(status: u16) -> String {
    let reason = match status {
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Time-out",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Large",
        417 => "Expectation Failed",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Temporarily Unavailable",
        504 => "Gateway Time-out",
        505 => "HTTP Version Not Supported",
        _ => "Error",
    };
    format!("{status} {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_the_length_that_alb_sends() {
        assert_eq!(body(&title(503)).len(), 162);
        assert_eq!(body(&title(502)).len(), 122);
    }

    #[test]
    fn an_answer_to_head_has_the_length_but_no_body() {
        let mut out = Vec::new();
        Answer {
            status: 502,
            head_only: true,
            closes: true,
            now: UnixMillis(0),
        }
        .write(&mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{text}");
        assert!(
            text.contains("Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"),
            "{text}"
        );
        assert!(
            text.ends_with("Content-Length: 122\r\nConnection: close\r\n\r\n"),
            "{text}"
        );
    }
}
