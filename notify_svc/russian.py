"""What kinds.py says, in Russian. Written without verbs that would have to know whether a person is a he or a she."""

from collections.abc import Mapping

from notify_svc.wording import Sides, Wording, oneself

SAYS: Mapping[str, Mapping[str, Sides]] = {
    "announcement_published": {
        "": Sides(
            guest=Wording("Новый вечер: {title}", "{Host} приглашает на вечер {evening}{film}"),
            host=Wording("Опубликовано: {title}", "Ваш вечер опубликован: {evening}{film}"),
        )
    },
    "announcement_changed": {
        "": Sides(
            guest=Wording("Изменения: {title}", "Вечер {evening} изменился{by}{changes}"),
            host=Wording("Изменения: {title}", "Ваш вечер изменился{by}: {evening}{changes}"),
        ),
        "undone": oneself("Всё как прежде: {title}", "Вечер {evening} изменился, а потом всё стало как прежде"),
    },
    "announcement_cancelled": {
        "": Sides(
            guest=Wording("Отмена: {title}", "Вечер {evening} отменён{by}{reason}"),
            host=Wording("Отмена: {title}", "Ваш вечер отменён{by}: {evening}{reason}"),
        )
    },
    "booking_created": {
        "": Sides(
            guest=Wording("Заявка отправлена: {title}", "Ваша заявка отправлена: {evening}"),
            host=Wording("Новая заявка: {title}", "{Guest} хочет прийти на вечер {evening}"),
        ),
        "accepted": Sides(
            guest=Wording("Место за вами: {title}", "У вас есть место на вечере {evening}{soon}"),
            host=Wording("Новый гость: {title}", "{Guest} придёт на вечер {evening}"),
        ),
        "waitlisted": Sides(
            guest=Wording("Лист ожидания: {title}", "Вы в листе ожидания вечера {evening}"),
            host=Wording("Лист ожидания: {title}", "{Guest} теперь в листе ожидания вечера {evening}"),
        ),
    },
    "booking_status": {
        "accepted": Sides(
            guest=Wording("Вас ждут: {title}", "Ваша заявка принята{by}: {evening}{soon}"),
            host=Wording("Заявка принята: {title}", "Гость принят{by} ({guest}): {evening}"),
        ),
        "declined": Sides(
            guest=Wording("Отказ: {title}", "Ваша заявка отклонена{by}: {evening}{reason}"),
            host=Wording("Отказ: {title}", "Заявка отклонена{by} ({guest}): {evening}{reason}"),
        ),
        "revoked": Sides(
            guest=Wording("Место отозвано: {title}", "Ваше место отозвано{by}: {evening}{reason}"),
            host=Wording("Место отозвано: {title}", "Место отозвано{by} ({guest}): {evening}{reason}"),
        ),
        "withdrawn": Sides(
            guest=Wording("Бронь снята: {title}", "Ваша бронь снята{by}: {evening}"),
            host=Wording("Бронь снята: {title}", "Бронь снята{by} ({guest}): {evening}"),
        ),
        "returned": Sides(
            guest=Wording("Заявка снова отправлена: {title}", "Ваша заявка снова отправлена: {evening}"),
            host=Wording("Снова заявка: {title}", "{Guest} снова хочет прийти на вечер {evening}"),
        ),
        "promoted": Sides(
            guest=Wording(
                "Есть свободное место: {title}", "Есть свободное место, {host} принимает решение о вас: {evening}"
            ),
            host=Wording("Есть свободное место: {title}", "{Guest} из листа ожидания хочет прийти на вечер {evening}"),
        ),
        "expired": Sides(
            guest=Wording("Заявка истекла: {title}", "Вечер начался раньше, чем вашу заявку приняли: {evening}"),
            host=Wording("Заявка истекла: {title}", "Вечер начался раньше, чем заявку приняли ({guest}): {evening}"),
        ),
        "moved": Sides(
            guest=Wording("Бронь снята: {title}", "Вечер перенесён{by} на время, когда вы в другом месте: {evening}"),
            host=Wording("Бронь снята: {title}", "{Guest} в новое время будет в другом месте: {evening}"),
        ),
    },
    "reminder_24h": {
        "": Sides(
            guest=Wording("Скоро: {title}", "Ваш вечер начнётся в течение суток: {evening}{place}"),
            host=Wording("Скоро: {title}", "Ваши гости придут в течение суток: {evening}{place}"),
        )
    },
    "reminder_1h": {
        "": Sides(
            guest=Wording("Совсем скоро: {title}", "Ваш вечер начнётся в течение часа: {evening}{place}"),
            host=Wording("Совсем скоро: {title}", "Ваши гости придут в течение часа: {evening}{place}"),
        )
    },
    "evening_over": {
        "": Sides(
            guest=Wording("Как прошёл вечер: {title}", "Вечер {evening} закончился; расскажите, как он прошёл"),
            host=Wording("Как прошёл вечер: {title}", "Ваш вечер {evening} закончился; отметьте, кто пришёл"),
        )
    },
    "rating_visible": {
        "": Sides(
            guest=Wording("Вас оценили: {title}", "Теперь видно, что о вас говорит хозяин вечера: {evening}"),
            host=Wording("Вас оценили: {title}", "Оценки ваших гостей теперь учитываются: {evening}"),
        )
    },
    "welcome": {
        "registered": oneself(
            "Добро пожаловать в Matinee",
            "С этим адресом создана учётная запись. Если её создали вы, подтвердите адрес. Если не вы, делать ничего не"
            " нужно.",
        ),
        "already_registered": oneself(
            "У вас есть учётная запись Matinee",
            "Кто-то, возможно вы, создаёт учётную запись с этим адресом, но одна у вас уже есть. Если это вы, войдите"
            " в неё или запросите новый пароль. Если не вы, делать ничего не нужно: в неё так не попасть.",
        ),
    },
    "security": {
        "password_forgotten": oneself(
            "Новый пароль для Matinee",
            "Кто-то, возможно вы, просит новый пароль для вашей учётной записи. Если это не вы, делать ничего не нужно:"
            " старый пароль остаётся.",
        ),
        "password_changed": oneself(
            "Пароль изменён",
            "Пароль вашей учётной записи изменён, на других устройствах выполнен выход. Если это не вы, сразу запросите"
            " новый пароль.",
        ),
        "password_reset": oneself(
            "У вас новый пароль",
            "По ссылке из нашего письма выбран новый пароль, на всех устройствах выполнен выход. Если это не вы, сразу"
            " запросите другой и проверьте, кто читает вашу почту.",
        ),
        "token_reused": oneself(
            "На одном устройстве выполнен выход",
            "Секрет одного из ваших сеансов использован дважды, как будто у кого-то есть его копия. Поэтому сеанс"
            " завершён. Если вы не знаете, почему так вышло, смените пароль.",
        ),
        "roles_changed": oneself("Ваши права изменились", "Ваши права в Matinee изменились, войдите ещё раз: {detail}"),
    },
}
ACCEPTED: Mapping[str, Mapping[str, Sides]] = {
    "booking_status": {
        "returned": Sides(
            guest=Wording("Место снова за вами: {title}", "У вас снова есть место: {evening}{soon}"),
            host=Wording("Гость вернулся: {title}", "{Guest} снова придёт на вечер {evening}"),
        ),
        "promoted": Sides(
            guest=Wording("Место за вами: {title}", "Есть свободное место, и оно ваше: {evening}{soon}"),
            host=Wording("Новый гость: {title}", "{Guest} из листа ожидания придёт на вечер {evening}"),
        ),
    },
}
