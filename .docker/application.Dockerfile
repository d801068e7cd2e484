# The application, its packages from the lock file, for any uid but root's, with a read-only root.
FROM python:3.13-slim
WORKDIR /usr/share/countersign
COPY requirements-service.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-service.lock
COPY pyproject.toml README.md LICENSE ./
COPY engine engine
COPY ivr ivr
COPY sql sql
RUN pip install --no-cache-dir --no-deps --no-build-isolation .
# The mode goes over to the volume that is mounted here.
RUN install -d -m 1777 /var/lib/countersign
COPY .docker/healthy.py /usr/local/share/healthy.py
COPY .docker/start-application /usr/local/bin/start-application
USER 10001
ENTRYPOINT ["/usr/local/bin/start-application"]
CMD ["serve"]
