# One image for every process of ours: the services, migrations, certificates, Envoy's configuration.
FROM python:3.11-slim-bookworm AS build
COPY requirements.image.lock /
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --no-compile --require-hashes -r /requirements.image.lock

FROM python:3.11-slim-bookworm
# A number, so that Kubernetes can see that it is not root; the folders belong to it because new volumes copy that.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin matinee \
    && install -d -o 10001 -g 10001 /certificates /edge
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY protos protos
COPY mesh mesh
COPY auth_svc auth_svc
COPY movie_svc movie_svc
COPY ugc_svc ugc_svc
COPY booking_svc booking_svc
COPY notify_svc notify_svc
COPY envoy envoy
COPY local local
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/app:/app/protos PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
# Which of the processes: docker-compose.yml says.
CMD ["python", "-m", "booking_svc"]
