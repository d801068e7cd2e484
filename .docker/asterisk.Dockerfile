# Asterisk with exactly the configuration of dialplans/, for any uid but root's, with a read-only root.
FROM debian:testing-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends asterisk \
    && rm -rf /var/lib/apt/lists/*
COPY dialplans /usr/share/countersign/dialplans
COPY .docker/start-asterisk /usr/local/bin/start-asterisk
USER 10001
ENTRYPOINT ["/usr/local/bin/start-asterisk"]
