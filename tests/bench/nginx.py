"""nginx as the target behind whclient, and as the plain reverse proxy that we are compared with."""
import os
import pathlib
import socket
import subprocess

from wht.server import eventually

COMMON = """
worker_processes {workers};
daemon off;
pid {directory}/pid;
error_log stderr error;
events {{ worker_connections 4096; }}
http {{
	access_log off;
	sendfile on;
	keepalive_requests 1000000;
	client_max_body_size 0;
	client_body_temp_path {directory}/body;
	proxy_temp_path {directory}/proxy;
	fastcgi_temp_path {directory}/fastcgi;
	uwsgi_temp_path {directory}/uwsgi;
	scgi_temp_path {directory}/scgi;
	{body}
}}
"""


def target_config(www):
    return f"""
	server {{
		listen 127.0.0.1:{{port}};
		root {www};
		location /small {{ return 200 "hello\\n"; }}
	}}"""


def proxy_config(target, sink):
    return f"""
	upstream target {{ server {target}; keepalive 256; }}
	server {{
		listen 127.0.0.1:{{port}};
		proxy_http_version 1.1;
		proxy_set_header Connection "";
		proxy_request_buffering off;
		proxy_max_temp_file_size 0;
		location / {{ proxy_pass http://target; }}
		location /sink/ {{ proxy_pass http://{sink}; }}
	}}"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


class Nginx:
    def __init__(self, directory, body):
        directory.mkdir(mode=0o755)
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        self.url = f"http://{self.address}"
        config = directory / "nginx.conf"
        config.write_text(COMMON.format(workers=os.cpu_count(), directory=directory, body=body.replace("{port}", str(port))))
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-p", directory, "-c", config, "-e", "stderr"])
        assert eventually(lambda: self.listening(port)), "nginx does not come up"

    @staticmethod
    def listening(port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def workers(self):
        pid = self.process.pid
        return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()

    def cpu(self):
        """Seconds of processor time of all workers."""
        ticks = 0
        for pid in self.workers():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
