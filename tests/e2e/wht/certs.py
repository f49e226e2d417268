"""A certificate authority and a star certificate, made anew for each test run."""
import ssl
import subprocess

HOST = "wht.test"


def run(directory, *arguments):
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)


class Certs:
    def __init__(self, directory, host=HOST):
        self.host = host
        self.ca, self.key, self.certificate = (directory / name for name in ("ca.pem", "key.pem", "cert.pem"))
        (directory / "names").write_text(f"subjectAltName=DNS:{host},DNS:*.{host},DNS:localhost,IP:127.0.0.1\n")
        run(directory, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test authority")
        run(directory, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem",
            "-out", "cert.csr", "-subj", f"/CN={host}")
        run(directory, "x509", "-req", "-in", "cert.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", "names", "-out", "cert.pem")
        self.context = ssl.create_default_context(cafile=self.ca)
