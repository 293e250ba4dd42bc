#include "core/net/error_codes.h"

namespace firn::net {
namespace {

constexpr ErrorCode kCodes[] = {
    {"NET-HTTP-001", "no connection could be made",
     "The name does not resolve, nobody listens there, or a firewall or proxy is in the way.",
     "Check the address and the proxy settings (HTTPS_PROXY, NO_PROXY), then run again."},
    {"NET-HTTP-002", "a connection broke",
     "The other side, or something between, closed the connection before the message was whole.",
     "Run again; if it happens at the same place each time, look at proxies and their time-outs."},
    {"NET-HTTP-003", "the other side fell silent", "No byte moved for the idle time-out.",
     "Run again; raise the time-out if the other side is known to pause for long."},
    {"NET-HTTP-004", "an answer is larger than allowed",
     "The body is longer than the limit for this kind of call.",
     "Check that the address is the right one; the limit protects memory."},
    {"NET-HTTP-005", "a URL is malformed", "The address cannot be read, or is not http or https.",
     "Correct it in the project folder."},
    {"NET-HTTP-006", "a message breaks the rules of HTTP",
     "The other side does not speak HTTP there, or breaks its rules.",
     "Check the port and whether it expects TLS."},
    {"NET-HTTP-007", "a request cannot be sent this way",
     "A streamed upload was given to a call that only takes whole bodies.",
     "Report it; it is an error in firn itself."},
    {"NET-HTTP-008", "the proxy refused a connection",
     "The proxy asks for a sign-in, or does not let this host through.",
     "Check the proxy's address and rights; a sign-in goes into the address of the proxy."},
    {"NET-HTTP-009", "a header cannot be sent",
     "Its value has a line break in it, or its name has a blank or a colon.",
     "Look at what the header is made from: a setting, a secret, or a part of an event."},
    {"NET-TLS-001", "the other side's certificate is not trusted",
     "It is expired, of another name, or signed by an authority that is not known here.",
     "Add the authority to the CA file, or correct the name; checking is never switched off."},
    {"NET-TLS-002", "a certificate, key or CA file cannot be used",
     "The file is missing, not PEM, or key and certificate do not belong together.",
     "Check the files named in the configuration."},
    {"NET-TLS-003", "a certificate cannot be made", "OpenSSL failed to make a key or certificate.",
     "Report it; it is an error in firn or in the OpenSSL installed."},
    {"NET-TLS-004", "a certificate or host name is malformed",
     "The text is not a PEM certificate, or a name holds characters no host name has.",
     "Check the file or the name."},
    {"NET-GZIP-001", "compressed data is damaged",
     "The gzip or zlib data breaks its format, fails its checksum or ends too early.",
     "Run again; a page that is damaged every time is the other side's fault."},
    {"NET-GZIP-002", "a body has an encoding that is not known",
     "The Content-Encoding is none of identity, gzip and deflate.",
     "Ask the other side for gzip or identity."},
    {"NET-GZIP-003", "a body inflates to more than allowed",
     "The compressed body is much larger inside than its limit.",
     "Check that the address is the right one; the limit protects memory."},
    {"NET-SERVE-001", "a port is taken", "Another process listens on that address and port.",
     "Choose another port (0 takes any free one), or stop the other process."},
    {"NET-SERVE-002", "a port may not be used", "Ports below 1024 need a privilege.",
     "Choose a port above 1023."},
    {"NET-SERVE-003", "an address cannot be listened on",
     "The address is not one of this machine, or is not an IP address.",
     "Use 127.0.0.1, 0.0.0.0 or an address of this machine."},
};

}  // namespace

std::span<const ErrorCode> ErrorCodes() { return kCodes; }

}  // namespace firn::net
