# One image for every process of ours: the services, migrations, certificates, Envoy's configuration.
FROM python:3.11-slim-bookworm AS build
COPY requirements.image.lock /
# Without pip, which nothing needs at run time. The bytecode is made here: the image is read-only where it runs, and
# every health check would compile anew. Unchecked, because copying between stages may change the files' times.
RUN python -m venv --without-pip /opt/venv \
    && python -m pip --python /opt/venv/bin/python install --no-cache-dir --no-compile --require-hashes -r /requirements.image.lock \
    && python -m compileall -q --invalidation-mode unchecked-hash /opt/venv

FROM python:3.11-slim-bookworm
# A number, so that Kubernetes can see that it is not root; the folders belong to it because new volumes copy that.
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin matinee \
    && for folder in edge users certificates certificates/authority certificates/auth certificates/movie certificates/ugc \
        certificates/booking certificates/notify certificates/envoy; \
        do install -d -o 10001 -g 10001 -m 0755 "/$folder"; done
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
COPY docs/openapi docs/openapi
# A checkout may be closed to others (umask 077); the image's user is one of them.
RUN chmod -R go=rX /app && python -m compileall -q --invalidation-mode unchecked-hash /app
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/app:/app/protos PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
# Which of the processes: docker-compose.yml says.
CMD ["python", "-m", "booking_svc"]
